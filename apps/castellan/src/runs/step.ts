import type { Settled } from '../gate/index.ts'
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
    /** Nobody knows what became of it. */
    | { readonly is: 'unknown' }
    /** Another run is at it. */
    | { readonly is: 'elsewhere'; readonly run: string }
    | { readonly is: 'ended' }
}
