import type { Revision } from '../echo/dialect.ts'

/** Where calls go. */
export type Target =
  | { readonly over: 'http'; readonly url: string; readonly key: string | null }
  /** A process of the load generator's own. */
  | { readonly over: 'stdio'; readonly command: string; readonly args: readonly string[] }

export interface Plan {
  readonly target: Target
  readonly revision: Revision
  /** Name of a tool that gives back its argument `text`. */
  readonly tool: string
  /** Bytes of the text. */
  readonly payload: number
  /** Calls under way at any time, each on a connection (and in a session, where there are any) of its own. */
  readonly concurrency: number
  /** Milliseconds of calls that are not counted. */
  readonly warmUp: number
  /** Milliseconds of calls that are. */
  readonly measured: number
  /** Counted calls after which it ends early. */
  readonly maxCalls: number
}

/** What became of a plan. Latencies are milliseconds. */
export interface Load {
  readonly calls: number
  /** Calls that were not counted. */
  readonly warmUpCalls: number
  readonly errors: number
  readonly firstError: string | null
  readonly callsPerSecond: number
  readonly p50: number
  readonly p99: number
  readonly max: number
  /** Share of one processor that the load generator itself took. */
  readonly ownProcessor: number
}
