import type { Entry, Haste, SequencedEntry } from '../../journal/index.ts'
import { fault, type Fault, type FaultCode, type FaultDetails } from '../../kernel/index.ts'

export type SqlValue = string | number | null | Uint8Array

/** A compiled query with its values; `Row` is what each row of the answer looks like. */
export interface Query<Row = unknown> {
  readonly sql: string
  readonly values: readonly SqlValue[]
  /** Never present: carries the type. */
  readonly row?: Row
}

/** A fault as data, since a batch crosses to the writer thread. */
export interface Refusal {
  readonly code: FaultCode
  readonly details: FaultDetails
}

/**
 * One statement of a batch, with what must be true of its effect. A batch is known in full before it begins: it needs no
 * conversation with the database, so it can be group-committed and never holds a transaction open across a turn.
 */
export interface Statement extends Query {
  /**
   * It must change exactly one row. Otherwise the batch is undone and fails with the refusal; or, with `nothingToDo`,
   * is undone and counts as done.
   */
  readonly one?: Refusal | 'nothingToDo'
  /**
   * What a violated constraint means: `pkey`, `fkey`, the columns of a unique constraint joined by `_`, or `null_` and the
   * column that must have a value.
   * A violation without a meaning is a bug.
   */
  readonly violations?: Readonly<Record<string, Refusal>>
}

export interface Stats {
  /** Batches that were committed. */
  readonly batches: number
  /** Transactions that carried them. */
  readonly commits: number
}

/** What the stores need of a database; SQLite and PostgreSQL each have one. */
export interface Database {
  readonly dialect: Dialect
  read<Row>(query: Query<Row>): Promise<Row[]>
  /**
   * Runs all statements or none, and resolves when they are on disk. Throws the fault of the first unmet expectation, or
   * `STORE_UNAVAILABLE`: then nothing was written, unless the database was lost in the very moment of the commit.
   * The entries are those that the statements add to the journal; its readers are woken. Now unless told otherwise.
   */
  write(statements: readonly Statement[], entries?: readonly Entry[], haste?: Haste): Promise<void>
  /** The newest sequenced entries after an offset, when they are at hand and nothing of them is missing. */
  tail(after: number): readonly SequencedEntry[] | undefined
  /** Calls back soon after entries were sequenced, until the returned function is called. */
  onAppended(wake: () => void): () => void
}

export type Dialect = 'sqlite' | 'postgres'

export function unavailable(why: string, cause?: unknown): Fault {
  return fault('STORE_UNAVAILABLE', { why }, { cause })
}
