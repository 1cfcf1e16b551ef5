import type { Refusal, Statement } from '../database.ts'

/** What crosses to the writer thread: all statements of it or none. */
export interface Batch {
  /** Counts up from 1. */
  readonly id: number
  readonly statements: readonly Statement[]
}

/** How a batch ended. */
export type Result =
  | { readonly is: 'done' }
  | { readonly is: 'refused'; readonly refusal: Refusal }
  /** By no fault of the batch: no room, no access, no answer from the disk. */
  | { readonly is: 'unavailable'; readonly why: string }
  | { readonly is: 'bug'; readonly why: string }

export interface Request {
  readonly batches: readonly Batch[]
}

export interface Reply {
  readonly results: readonly { readonly id: number; readonly result: Result }[]
  /** Transactions committed so far. */
  readonly commits: number
}

export interface WriterSettings {
  readonly path: string
  /** Most bytes the database may grow to; null for what the disk holds. */
  readonly maxBytes: number | null
}
