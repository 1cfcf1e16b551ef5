import type { Run } from './run.ts'
import type { StepEnd, Work } from './step.ts'

/** Carries out what runs decide: tools through the gate, models through their port. */
export interface Hands {
  /**
   * `hold` goes up with each that holds the run, so of two that are at the same step the one with the greater is right.
   * Never rejects for what a tool, a model or the gate does; throws `STORE_UNAVAILABLE` when it cannot know what became of it. After the signal is aborted it settles within moments, honestly: what
   * may have begun is `indeterminate`.
   */
  carry(run: Run, work: Work, signal: AbortSignal, hold: number): Promise<StepEnd>
}
