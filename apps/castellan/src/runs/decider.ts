import type { JsonObject, JsonValue } from '../kernel/index.ts'
import type { ModelRequest } from './model.ts'
import type { Ask, Computation } from './step.ts'

/** What a decider learns of its run, in the order in which it happened. */
export type Happening =
  | { readonly is: 'began'; readonly at: number; readonly definition: JsonValue; readonly input: JsonValue }
  | { readonly is: 'asked'; readonly at: number; readonly step: string }
  | {
      readonly is: 'ended'
      readonly at: number
      readonly step: string
      /** Wire name, such as `ok`, `error` or `denied_policy`. What a person said of a call whose end nobody saw counts as seen. */
      readonly outcome: string
      readonly data: JsonObject
      readonly payload: JsonValue | undefined
    }

export interface Decision {
  readonly asks: readonly Ask[]
  readonly tells?: readonly Tell[]
  /** Steps that are runs inside of this one, and are to be stopped. */
  readonly stops?: readonly string[]
  /** When it wants to be asked again, whatever happens: milliseconds of the epoch. */
  readonly until: number | null
  readonly ends: End | null
}

/** A line that only tells, for those who watch. Each is told once: what the run has of a type about a step is not told again. */
export interface Tell {
  readonly type: string
  readonly step: string
  readonly data: JsonObject
  readonly payload?: JsonValue
}

export type End =
  | { readonly is: 'completed'; readonly output: JsonValue }
  | {
      readonly is: 'failed'
      /** A sentence for whoever owns the run. */
      readonly why: string
      /** The steps whose ends that tells of; none when it was something else. */
      readonly steps: readonly string[]
      /** What there is in spite of it. */
      readonly output: JsonValue | undefined
    }

/**
 * What runs of a kind do next: pure, so that the same history always leads to the same decision, on whatever machine. A decision
 * that was written down changes the history, and so the next decision; one that is repeated is made once, since steps have names.
 */
export interface Decider<State> {
  begin(): State
  evolve(state: State, happening: Happening): State
  decide(state: State, now: number): Decision
  /** What a model is asked for in a step that is open now. */
  request(state: State, step: string): ModelRequest
  /** What is evaluated in a step that is open now; absent when no step of the kind is. */
  compute?(state: State, step: string): Computation
  /** Whether a step goes on when somebody stops the run, since it takes back what was done; absent when none does. */
  keeps?(step: string): boolean
  /**
   * What is still to be done by a run that somebody stopped, once all that was under way has ended or was given up; absent when
   * nothing is. The run ends when it says so, as cancelled or failed, with the output it says.
   */
  unwind?(state: State, now: number): Decision
  /** How it stands, for whoever looks at the run before it has ended. */
  report?(state: State): JsonValue
}
