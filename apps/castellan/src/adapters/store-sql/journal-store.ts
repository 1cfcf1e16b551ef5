import {
  type Entry,
  type EntryFilter,
  type JournalStore,
  matchesTopic,
  type SequencedEntry,
} from '../../journal/index.ts'
import type { JsonObject } from '../../kernel/index.ts'
import type { CommitEntries } from './commit-entries.ts'
import { blobInsert } from './blobs.ts'
import { compile, type Compiler, prepare } from './compile.ts'
import type { Database } from './database.ts'
import { refusal } from './resource.ts'
import { entryColumns, type JournalRow } from './tables.ts'

export function journalStore(database: Database, db: Compiler, commit: CommitEntries): JournalStore {
  const ofStream = prepare(({ tenant, stream, after, limit }: StreamPage) =>
    db
      .selectFrom('journal')
      .select(entryColumns)
      .where('tenant', '=', tenant)
      .where('stream', '=', stream)
      .where('seq', '>', after)
      .orderBy('seq')
      .limit(limit),
  )
  const atOffsets = (tenant: string, offsets: readonly number[]) =>
    db
      .selectFrom('journal')
      .select(['offset', ...entryColumns])
      .where('tenant', '=', tenant)
      .where('offset', 'in', offsets)
      .orderBy('offset')
  const newest = prepare(() => db.selectFrom('journal').select(({ fn }) => fn.max('offset').as('head')))
  const insertBlob = blobInsert(db)
  const blobAt = prepare(({ tenant, digest }: { tenant: string; digest: string }) =>
    db
      .selectFrom('blobs')
      .select(['tenant', 'digest', 'salt', 'bytes'])
      .where('tenant', '=', tenant)
      .where('digest', '=', digest),
  )
  const deleteBlob = prepare(({ tenant, digest }: { tenant: string; digest: string }) =>
    db.deleteFrom('blobs').where('tenant', '=', tenant).where('digest', '=', digest),
  )
  const position = prepare(({ name }: { name: string }) =>
    db.selectFrom('cursors').select('position').where('name', '=', name),
  )
  const startCursor = prepare(({ name, to }: { name: string; to: number }) =>
    db
      .insertInto('cursors')
      .values({ name, position: to })
      .onConflict(conflict => conflict.column('name').doUpdateSet({ position: to }).where('cursors.position', '=', 0)),
  )
  const advanceCursor = prepare(({ name, from, to }: { name: string; from: number; to: number }) =>
    db.updateTable('cursors').set({ position: to }).where('name', '=', name).where('position', '=', from),
  )

  async function found(after: number, limit: number, filter: EntryFilter): Promise<SequencedEntry[]> {
    const entries: SequencedEntry[] = []
    for (let from = after; entries.length < limit;) {
      const rows = await database.read(compile(page(db, from, limit, filter)))
      for (const row of rows) {
        if (filter.topic !== undefined && !matchesTopic(filter.topic, row.type)) continue
        if (entries.push({ offset: row.offset, ...entryOf(row) }) === limit) break
      }
      if (rows.length < limit) break
      from = rows.at(-1)!.offset
    }
    return entries
  }

  // Whoever follows the journal is woken at the same moment, and wants to know the same.
  const begun = new Map<string, Promise<SequencedEntry[]>>()
  /** One that began earlier is not shared: it may not see what somebody was woken for. */
  function begunTogether(what: string, read: () => Promise<SequencedEntry[]>): Promise<SequencedEntry[]> {
    let reading = begun.get(what)
    if (!reading) {
      reading = read()
      begun.set(what, reading)
      queueMicrotask(() => begun.delete(what))
    }
    return reading
  }

  return {
    append: (entries, haste) => commit([], entries, haste),

    async read(after, limit, filter = {}) {
      const tail = database.tail(after)
      if (tail) return matching(tail, filter).slice(0, limit)
      return [...(await begunTogether(JSON.stringify([after, limit, filter]), () => found(after, limit, filter)))]
    },

    async readAt(tenant, offsets) {
      const found: SequencedEntry[] = []
      const inOrder = offsets.toSorted((one, other) => one - other)
      for (let from = 0; from < inOrder.length; from += AT_ONCE) {
        const some = inOrder.slice(from, from + AT_ONCE)
        // Always as many, so that there is one statement to be prepared; nobody minds to be named twice.
        const asked = [...some, ...Array.from({ length: AT_ONCE - some.length }, () => some[0]!)]
        const rows = await database.read(compile(atOffsets(tenant, asked)))
        for (const row of rows) found.push({ offset: row.offset, ...entryOf(row) })
      }
      return found
    },

    async readStream(tenant, stream, after = -1, limit = Number.MAX_SAFE_INTEGER) {
      return (await database.read(ofStream({ tenant, stream, after, limit }))).map(entryOf)
    },

    async head() {
      const [row] = await database.read(newest({}))
      return row?.head ?? 0
    },

    onAppended: wake => database.onAppended(wake),

    async cursor(name) {
      const [row] = await database.read(position({ name }))
      return row?.position ?? 0
    },

    async moveCursor(name, from, to) {
      const move = from === 0 ? startCursor({ name, to }) : advanceCursor({ name, from, to })
      await database.write([{ ...move, one: refusal('VERSION_CONFLICT', { what: 'cursor' }) }])
    },

    putBlob: blob => database.write([insertBlob(blob)]),

    async blob(tenant, digest) {
      const [row] = await database.read(blobAt({ tenant, digest }))
      return row && { ...row }
    },

    eraseBlob: (tenant, digest) => database.write([deleteBlob({ tenant, digest })]),
  }
}

interface StreamPage {
  readonly tenant: string
  readonly stream: string
  readonly after: number
  readonly limit: number
}

/** Offsets of one statement. */
const AT_ONCE = 300

function matching(entries: readonly SequencedEntry[], filter: EntryFilter): readonly SequencedEntry[] {
  const { tenant, stream, topic, principal, correlationId } = filter
  return entries.filter(
    entry =>
      (tenant === undefined || entry.tenant === tenant) &&
      (stream === undefined || entry.stream === stream) &&
      (principal === undefined || entry.principal === principal) &&
      (correlationId === undefined || entry.correlationId === correlationId) &&
      (topic === undefined || matchesTopic(topic, entry.type)),
  )
}

/** Sequenced rows; of a topic pattern some too many, since SQL knows no levels. */
function page(db: Compiler, after: number, limit: number, filter: EntryFilter) {
  const { tenant, stream, topic, principal, correlationId } = filter
  return db
    .selectFrom('journal')
    .select(['offset', ...entryColumns])
    .where('offset', '>', after)
    .$if(tenant !== undefined, query => query.where('tenant', '=', tenant!))
    .$if(stream !== undefined, query => query.where('stream', '=', stream!))
    .$if(principal !== undefined, query => query.where('principal', '=', principal!))
    .$if(correlationId !== undefined, query => query.where('correlation_id', '=', correlationId!))
    .$if(topic !== undefined, query => query.where('type', 'like', likePattern(topic!)))
    .orderBy('offset')
    .limit(limit)
}

/** A LIKE pattern that matches at least what the topic pattern does, and has no character of its own meaning left. */
function likePattern(topic: string): string {
  return topic.replace(/[^A-Za-z0-9.*>-]/gu, '_').replace(/[*>]/g, '%')
}

/** The entry that a row of the journal is. */
export function entryOf(row: Omit<JournalRow, 'offset'>): Entry {
  return {
    id: row.id,
    tenant: row.tenant,
    stream: row.stream,
    seq: row.seq,
    type: row.type,
    at: row.at,
    principal: row.principal,
    correlationId: row.correlation_id,
    causationId: row.causation_id,
    data: JSON.parse(row.data) as JsonObject,
    leafHash: row.leaf_hash,
  }
}
