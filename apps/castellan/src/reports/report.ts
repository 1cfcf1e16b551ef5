import type { ReportScope, ReportSession, ReportStep, ReportSummary } from '@castellan/contracts'
import type { Bucket } from './timeline.ts'

/** What happened, as the journal has it, ready to be shown: texts are masked, and what the asker may not see is not in it. */
export interface Report {
  readonly scope: ReportScope
  /** `own` has what the asker did, `all` what everybody of the tenant did. */
  readonly sees: 'own' | 'all'
  readonly summary: ReportSummary
  readonly charts: Charts
  /** In the order in which they began. */
  readonly sessions: readonly ReportSession[]
  /** The steps of one of its sessions in order, some at a time: there may be more than fit into memory. */
  steps(session: ReportSession): AsyncIterable<readonly Placed[]>
  /** What was denied, oldest first; with `most` only the newest. */
  denied(most?: number): AsyncIterable<readonly Placed[]>
  /** The newest steps, oldest first; at most 200. */
  latest(): AsyncIterable<readonly Placed[]>
}

/** A step with the session it belongs to. */
export interface Placed {
  readonly session: ReportSession
  readonly step: ReportStep
}

/** What only pictures are made of. */
export interface Charts {
  readonly timeline: readonly Bucket[]
  /** How many steps took at most so many milliseconds, and longer than the one before. The last is without a bound. */
  readonly latencies: readonly { readonly upTo: number; readonly count: number }[]
}

/**
 * The port that makes a file of a report. What it yields is pulled by whoever reads it, so it never runs ahead; what it throws
 * must break the file off. The same report always becomes the same bytes.
 */
export interface ReportFormat {
  readonly name: 'json' | 'xlsx' | 'html'
  readonly mediaType: string
  /** The Content-Security-Policy it needs when a browser shows it as it is answered; absent for the one of all data. */
  readonly contentPolicy?: string
  render(report: Report): AsyncIterable<string | Uint8Array>
}
