import type { Settled } from '../gate/index.ts'
import type { Role } from '../identity/index.ts'
import type { JsonObject, JsonValue } from '../kernel/index.ts'
import type { ModelRequest } from './model.ts'
import type { RunKind } from './run.ts'

/** Something a decider wants done. Its name is unique in its run, and the same whenever the same is decided again. */
export type Ask =
  | {
      readonly is: 'tool'
      readonly step: string
      /** Exposed name. */
      readonly tool: string
      readonly args: JsonObject
      /** Milliseconds. */
      readonly timeout: number
    }
  | { readonly is: 'model'; readonly step: string; readonly model: string; readonly timeout: number }
  | { readonly is: 'run'; readonly step: string; readonly wish: ChildWish }
  /** Expressions are evaluated. */
  | { readonly is: 'compute'; readonly step: string }
  /** Ends well once what it waits for is there; at `until`, milliseconds of the epoch, at the latest. */
  | { readonly is: 'wait'; readonly step: string; readonly for: Awaited; readonly until: number | null }

/** What a step may wait for. */
export type Awaited =
  | { readonly is: 'time' }
  /** Somebody tells the run something by this name. */
  | { readonly is: 'signal'; readonly name: string }
  /** Somebody calls the address of the step. */
  | { readonly is: 'call' }
  | { readonly is: 'answer'; readonly question: string; readonly terms: QuestionTerms }

/** Who answers a question, and when it is answered. */
export interface QuestionTerms {
  readonly roles: readonly Role[]
  /** How many must agree; one who refuses is enough. */
  readonly quorum: number
  /** Whether whoever the run acts for must not answer. */
  readonly fourEyes: boolean
}

/** What a person said to a question. */
export interface Said {
  /** Id of a principal. */
  readonly by: string
  readonly agrees: boolean
  readonly reason: string | null
  /** Milliseconds of the epoch. */
  readonly at: number
}

/** Expressions, and what they may speak of. */
export interface Computation {
  /** JSON in which a text that begins with `=` is an expression. */
  readonly template: JsonValue
  readonly scope: JsonObject
  /** Steps whose addresses the expressions may speak of, by the name they have there. */
  readonly callbacks: Readonly<Record<string, string>>
}

/** A run inside of another. */
export interface ChildWish {
  readonly kind: RunKind
  readonly name: string
  readonly subject?: string
  readonly definition: JsonValue
  readonly input: JsonValue
}

/** What is to be carried out for a step, now. */
export type Work =
  | {
      readonly is: 'tool'
      readonly step: string
      readonly tool: string
      readonly args: JsonObject
      readonly timeout: number
      /** From 1; goes up when a person said that it did not happen. */
      readonly attempt: number
      /** Whether an earlier life of the run may have begun it. */
      readonly again: boolean
      /** The approval it waited for, when it waited. */
      readonly approval: string | null
    }
  | {
      readonly is: 'model'
      readonly step: string
      readonly request: ModelRequest
      readonly timeout: number
      readonly again: boolean
    }
  | { readonly is: 'compute'; readonly step: string; readonly computation: Computation }
  /** Another tool is asked whether a call took effect whose end nobody saw. */
  | {
      readonly is: 'probe'
      readonly step: string
      /** Exposed name of the tool that was called, and with what. */
      readonly tool: string
      readonly args: JsonObject
      /** The call in doubt. */
      readonly call: string
      readonly timeout: number
      /** Which attempt of the step is in doubt. */
      readonly attempt: number
      /** How often it was asked so far. */
      readonly times: number
    }

/** What became of a step. */
export type StepEnd =
  /** `outcome` is the wire name of an outcome or denial. */
  | {
      readonly is: 'ended'
      readonly outcome: string
      readonly data: JsonObject
      readonly payload?: JsonValue
      /** What it cost, to be written down with its end. */
      readonly settled?: Settled
    }
  /** People have to agree first. */
  | { readonly is: 'waits'; readonly approval: string; readonly until: number }
  /** What a probe says of a call in doubt: whether it took effect, and what it answered; null when it cannot say. */
  | {
      readonly is: 'probed'
      readonly happened: boolean | null
      readonly result: JsonObject | null
      /** Whether asking again may help. */
      readonly again: boolean
      readonly data: JsonObject
    }
  /** It was broken off before anything was certain to have begun; it will be carried out again. */
  | { readonly is: 'dropped' }

/** A step as its run knows it. */
export interface Step {
  readonly id: string
  readonly ask: Exclude<Ask, { is: 'run' }> | { readonly is: 'run'; readonly step: string }
  readonly attempt: number
  readonly at:
    | { readonly is: 'open' }
    | { readonly is: 'waits'; readonly approval: string; readonly until: number }
    /** Nobody knows what became of it: another tool is asked, or else a person. */
    | { readonly is: 'unknown'; readonly probing: Probing | null }
    /** Another run is at it. */
    | { readonly is: 'elsewhere'; readonly run: string }
    /** Nothing is carried out: it waits for what others tell the run, or for a time. */
    | { readonly is: 'awaits'; readonly said: readonly Said[] }
    | { readonly is: 'ended' }
}

/** How it stands with a tool that can say what became of a call. */
export interface Probing {
  /** The call in doubt. */
  readonly call: string
  /** How often it was asked so far. */
  readonly times: number
  /** Not before, in milliseconds of the epoch. */
  readonly notBefore: number
}
