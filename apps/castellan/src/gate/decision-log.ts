import type { JsonObject } from '../kernel/index.ts'

/** A call as policy was asked about it, as far as that is kept. */
export interface JudgedCall {
  readonly id: string
  readonly tenant: string
  readonly principal: string
  /** RFC 3339. */
  readonly at: string
  /** Wire name; null while the call is open. */
  readonly outcome: string | null
  /** What its first journal line says. */
  readonly data: JsonObject
  /** Its arguments, redacted; null when none were kept, or they were erased since. */
  readonly args: JsonObject | null
}

export interface JudgedFilter {
  /** Begun at this time or later. */
  readonly since: Date
  /** Begun before this time. */
  readonly until: Date
  /** Id of the principal who called. */
  readonly principal?: string
}

/** The port that reads back what was judged. Every adapter passes `decision-log.testsuite.ts`. */
export interface DecisionLog {
  /**
   * Calls of a tenant, oldest first, after the call with id `after`, at most `limit`; fewer when their arguments are large.
   * Empty when there are no more.
   */
  judged(tenant: string, filter: JudgedFilter, after: string | null, limit: number): Promise<JudgedCall[]>
  judgedCall(tenant: string, id: string): Promise<JudgedCall | undefined>
}
