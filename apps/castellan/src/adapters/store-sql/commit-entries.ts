import { isFault } from '../../kernel/index.ts'
import { dataText, type Entry, type Haste } from '../../journal/index.ts'
import { type RawBuilder, sql } from 'kysely'
import { type Compiler, prepare } from './compile.ts'
import type { Database, Statement } from './database.ts'
import type { JournalRow } from './tables.ts'

/** Commits a change together with the journal entries that speak of it. */
export interface CommitEntries {
  /**
   * All or nothing, the change first. To commit the very same entries once more counts as done: whoever was left in doubt
   * by `STORE_UNAVAILABLE` may simply repeat. Throws `STREAM_CONFLICT` and what {@link Database.write} throws.
   */
  (change: readonly Statement[], entries: readonly Entry[], haste?: Haste): Promise<void>
}

export function commitEntries(database: Database, db: Compiler): CommitEntries {
  const { first, next } = prepareInsert(db)
  const place = prepare(({ tenant, stream, seq }: Pick<Entry, 'tenant' | 'stream' | 'seq'>) =>
    db
      .selectFrom('journal')
      .select('id')
      .where('tenant', '=', tenant)
      .where('stream', '=', stream)
      .where('seq', '=', seq),
  )

  function append(entry: Entry, before: Entry | undefined): Statement {
    const { id, tenant, stream, seq, type, at, principal, correlationId, causationId, leafHash } = entry
    const conflict = { code: 'STREAM_CONFLICT', details: { stream, seq } } as const
    const row: NewRow = {
      id,
      tenant,
      stream,
      seq,
      type,
      at,
      principal,
      correlation_id: correlationId,
      causation_id: causationId,
      data: dataText(entry),
      leaf_hash: leafHash,
    }
    const begins = seq === 0 || (before?.seq === seq - 1 && before.stream === stream && before.tenant === tenant)
    const query = begins ? first(row) : next(row)
    return { ...query, violations: { tenant_stream_seq: conflict, null_seq: conflict } }
  }

  return async (change, entries, haste) => {
    try {
      await database.write(
        [...change, ...entries.map((entry, index) => append(entry, entries[index - 1]))],
        entries,
        haste,
      )
    } catch (error) {
      if (!isFault(error) || error.kind !== 'conflict' || entries.length === 0) throw error
      for (const entry of entries) {
        const [there] = await database.read(place(entry))
        if (there?.id !== entry.id) throw error
      }
    }
  }
}

type NewRow = Omit<JournalRow, 'offset'>

/**
 * Streams have no gaps, and a unique constraint keeps each place for one entry. So an entry that begins a stream, or follows
 * one of the same transaction, needs no more; any other takes its place from the entry before it, and without one has none.
 */
function prepareInsert(db: Compiler) {
  const insert = (row: NewRow, seq: RawBuilder<number>) =>
    db.insertInto('journal').values({
      id: row.id,
      tenant: row.tenant,
      stream: row.stream,
      seq,
      type: row.type,
      at: row.at,
      principal: row.principal,
      correlation_id: row.correlation_id,
      causation_id: row.causation_id,
      data: row.data,
      leaf_hash: row.leaf_hash,
    })
  return {
    first: prepare((row: NewRow) => insert(row, sql`${row.seq}`)),
    next: prepare((row: NewRow) => {
      const { tenant, stream, seq } = row
      return insert(
        row,
        sql`(SELECT seq + 1 FROM journal WHERE tenant = ${tenant} AND stream = ${stream} AND seq = ${seq} - 1)`,
      )
    }),
  }
}
