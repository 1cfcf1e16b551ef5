import type { SqlValue, Statement } from '../database.ts'

/**
 * What crosses to the writer thread: one text, since JSON is written and read faster than objects are cloned. Of a statement
 * only what the thread needs does; what a failure of it means stays with whoever waits.
 */
export interface Request {
  /** SQL that is new to the thread. Texts are numbered from 0 in the order they cross. */
  readonly texts: readonly string[]
  /** In the order in which they are answered. */
  readonly batches: readonly Batch[]
  /** Whether any of them adds to the journal. */
  readonly appends: boolean
}

/** All statements of it or none. */
export type Batch = readonly BatchStatement[]

/** Number of the text, what must be true of its effect, and the values. */
export type BatchStatement = readonly [text: number, expects: Expectation, ...values: readonly Crossing[]]

/** Any number of rows may change; or it must be one, else the batch is refused; or else it counts as done. */
export type Expectation = 'any' | 'one' | 'oneOrNothing'

/** Bytes cross as base64 in a list of one. */
export type Crossing = string | number | null | readonly [bytes: string]

/** How a batch ended. */
export type Result =
  | { readonly is: 'done' }
  /** It had nothing to do, and so did nothing. */
  | { readonly is: 'nothing' }
  /** By the effect of a statement, or by the constraint it violated. */
  | { readonly is: 'refused'; readonly statement: number; readonly constraint: string | null }
  /** By no fault of the batch: no room, no access, no answer from the disk. */
  | { readonly is: 'unavailable'; readonly why: string }
  | { readonly is: 'bug'; readonly why: string }

export interface Reply {
  /** How many batches were answered, in the order they came. */
  readonly answered: number
  /** Those of them that were not done, by their place among the answered. */
  readonly failed: readonly (readonly [place: number, result: Result])[]
  /** Transactions committed so far. */
  readonly commits: number
  /** Offset of the newest entry of the journal; null when nothing was to be added to it. */
  readonly head: number | null
}

export interface WriterSettings {
  readonly path: string
  /** Most bytes the database may grow to; null for what the disk holds. */
  readonly maxBytes: number | null
}

export function crossing({ values, one }: Statement, text: number): BatchStatement {
  const expects = one === undefined ? 'any' : one === 'nothingToDo' ? 'oneOrNothing' : 'one'
  return [text, expects, ...values.map(toCross)]
}

function toCross(value: SqlValue): Crossing {
  if (!(value instanceof Uint8Array)) return value
  return [Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')]
}

export function crossed(value: Crossing): SqlValue {
  return typeof value === 'object' && value !== null ? Buffer.from(value[0], 'base64') : value
}
