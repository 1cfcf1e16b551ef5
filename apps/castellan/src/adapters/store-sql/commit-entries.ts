import { isFault } from '../../kernel/index.ts'
import { dataText, type Entry } from '../../journal/index.ts'
import { sql } from 'kysely'
import { type Compiler, prepare } from './compile.ts'
import type { Database, Query, Statement } from './database.ts'
import { entryColumns, type JournalRow } from './tables.ts'

/** Commits a change together with the journal entries that speak of it. */
export interface CommitEntries {
  /**
   * All or nothing, the change first. To commit the very same entries once more counts as done: whoever was left in doubt
   * by `STORE_UNAVAILABLE` may simply repeat. Throws `STREAM_CONFLICT` and what {@link Database.write} throws.
   */
  (change: readonly Statement[], entries: readonly Entry[]): Promise<void>
}

export function commitEntries(database: Database, db: Compiler): CommitEntries {
  const insert = prepareInsert(db)
  const place = prepare(({ tenant, stream, seq }: Pick<Entry, 'tenant' | 'stream' | 'seq'>) =>
    db
      .selectFrom('journal')
      .select('id')
      .where('tenant', '=', tenant)
      .where('stream', '=', stream)
      .where('seq', '=', seq),
  )

  return async (change, entries) => {
    try {
      await database.write([...change, ...entries.map(entry => append(insert, entry))], entries.length > 0)
    } catch (error) {
      if (!isFault(error) || error.kind !== 'conflict' || entries.length === 0) throw error
      for (const entry of entries) {
        const [there] = await database.read(place(entry))
        if (there?.id !== entry.id) throw error
      }
    }
  }
}

function append(insert: (row: NewRow) => Query, entry: Entry): Statement {
  const conflict = { code: 'STREAM_CONFLICT', details: { stream: entry.stream, seq: entry.seq } } as const
  const { correlationId, causationId, leafHash, data: _, ...same } = entry
  const row = {
    ...same,
    correlation_id: correlationId,
    causation_id: causationId,
    data: dataText(entry),
    leaf_hash: leafHash,
  }
  return { ...insert(row), one: conflict, violations: { tenant_stream_seq: conflict } }
}

type NewRow = Omit<JournalRow, 'offset'>

/** Adds a row only when its place is the next of its stream; on PostgreSQL the unique constraint settles races. */
function prepareInsert(db: Compiler): (row: NewRow) => Query {
  return prepare((row: NewRow) =>
    db
      .insertInto('journal')
      .columns(entryColumns)
      .expression(
        db
          .selectNoFrom([
            sql<string>`${row.id}`.as('id'),
            sql<string>`${row.tenant}`.as('tenant'),
            sql<string>`${row.stream}`.as('stream'),
            sql<number>`${row.seq}`.as('seq'),
            sql<string>`${row.type}`.as('type'),
            sql<string>`${row.at}`.as('at'),
            sql<string>`${row.principal}`.as('principal'),
            sql<string>`${row.correlation_id}`.as('correlation_id'),
            sql<string | null>`${row.causation_id}`.as('causation_id'),
            sql<string>`${row.data}`.as('data'),
            sql<string>`${row.leaf_hash}`.as('leaf_hash'),
          ])
          .where(({ eb, selectFrom }) =>
            eb(
              selectFrom('journal')
                .select(sql<number>`coalesce(max(seq), -1) + 1`.as('next'))
                .where('tenant', '=', row.tenant)
                .where('stream', '=', row.stream),
              '=',
              row.seq,
            ),
          ),
      ),
  )
}
