import type { ModelDelta } from './model.ts'
import type { Run } from './run.ts'

/** A run of which models say something, with what tells whether that may be heard. */
export type Spoken = Pick<Run, 'id' | 'tenant' | 'session'>

/** Some of what a model says, while it says it. */
export interface Piece {
  readonly run: string
  readonly step: string
  /** Which hold of the run it was said in: of the same step, what was said in a greater one is what counts. */
  readonly hold: number
  readonly is: ModelDelta['is']
  /** How much of this kind was said before in this answer, in UTF-16 code units. */
  readonly from: number
  readonly text: string
}
