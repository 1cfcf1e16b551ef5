import type { Finding, Metric } from './finding.ts'
import type { Views } from './view.ts'

/**
 * Looks for one kind of thing in a text. Pure and synchronous: the same views give the same findings, in an order that is
 * always the same, in time linear in the length of the text, whatever the text is. A finding is worth reporting: a detector
 * keeps to itself what it does not believe.
 */
export interface Detector {
  readonly name: string
  /** Changes whenever some text could be judged differently than before. */
  readonly version: string
  readonly metric: Metric
  find(views: Views): readonly Finding[]
}
