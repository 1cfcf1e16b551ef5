import { sql } from 'kysely'
import type { DecisionLog, JudgedCall } from '../../gate/index.ts'
import type { JsonObject } from '../../kernel/index.ts'
import { compile, type Compiler, prepare } from './compile.ts'
import type { Database, Query } from './database.ts'

export function decisionLog(database: Database, db: Compiler): DecisionLog {
  const one = prepare(({ tenant, id }: { tenant: string; id: string }) => lines(db, tenant).where('calls.id', '=', id))
  const blobs = (tenant: string, digests: readonly string[]) =>
    db.selectFrom('blobs').where('tenant', '=', tenant).where('digest', 'in', digests)
  const sizesOf = (tenant: string, digests: readonly string[]) =>
    compile(blobs(tenant, digests).select(['digest', sql<number>`length(bytes)`.as('size')]))
  const bytesOf = (tenant: string, digests: readonly string[]) =>
    compile(blobs(tenant, digests).select(['digest', 'bytes']))
  return {
    async judged(tenant, { since, until, principal }, after, limit) {
      const from = firstIdAt(since)
      const query = lines(db, tenant)
        .where('calls.id', '>=', from)
        .where('calls.id', '<', firstIdAt(until))
        .$if(after !== null, each => each.where('calls.id', '>', after!))
        .$if(principal !== undefined, each => each.where('calls.principal', '=', principal!))
        .orderBy('calls.id')
        .limit(limit)
      return withArguments(tenant, await database.read(compile(query)))
    },
    async judgedCall(tenant, id) {
      const [call] = await withArguments(tenant, await database.read(one({ tenant, id })))
      return call
    },
  }

  /** As many of the calls as there is room for their arguments, the first at least. */
  async function withArguments(tenant: string, found: readonly Line[]): Promise<JudgedCall[]> {
    const calls = found.map(({ data, ...call }) => ({ ...call, tenant, data: JSON.parse(data) as JsonObject }))
    const sizes = await aboutBlobs(sizesOf, tenant, calls)
    const room = fitting(calls, new Map(sizes.map(({ digest, size }) => [digest, size])))
    const kept = await aboutBlobs(bytesOf, tenant, room)
    const texts = new Map(kept.map(({ digest, bytes }) => [digest, bytes]))
    return room.map(call => {
      const bytes = texts.get(digestOf(call) ?? '')
      return { ...call, args: bytes ? parsed(bytes) : null }
    })
  }

  async function aboutBlobs<Row>(
    query: (tenant: string, digests: readonly string[]) => Query<Row>,
    tenant: string,
    calls: readonly WithoutArguments[],
  ): Promise<Row[]> {
    const digests = calls.map(digestOf).filter(digest => digest !== null)
    const found: Row[] = []
    for (let at = 0; at < digests.length; at += AT_ONCE) {
      const some = digests.slice(at, at + AT_ONCE)
      // Always as many, so that there is one statement to be prepared; nobody minds to be named twice.
      const asked = [...some, ...Array.from({ length: AT_ONCE - some.length }, () => some[0]!)]
      found.push(...(await database.read(query(tenant, asked))))
    }
    return found
  }
}

const AT_ONCE = 100

type WithoutArguments = Omit<JudgedCall, 'args'>

function fitting(calls: readonly WithoutArguments[], sizes: ReadonlyMap<string, number>): readonly WithoutArguments[] {
  let total = 0
  const end = calls.findIndex((call, index) => {
    total += sizes.get(digestOf(call) ?? '') ?? 0
    return index > 0 && total > MOST_BYTES
  })
  return end === -1 ? calls : calls.slice(0, end)
}

/** Of the arguments of one answer; one call may have as many. */
const MOST_BYTES = 4 * 1024 * 1024

function digestOf({ data }: WithoutArguments): string | null {
  return typeof data['args'] === 'string' ? data['args'] : null
}

interface Line extends Omit<JudgedCall, 'data' | 'args' | 'tenant'> {
  readonly data: string
}

/** Calls with the first line of each. */
function lines(db: Compiler, tenant: string) {
  return db
    .selectFrom('calls')
    .innerJoin('journal', join =>
      join
        .onRef('journal.tenant', '=', 'calls.tenant')
        .on('journal.seq', '=', 0)
        .on('journal.stream', '=', sql<string>`'call:' || ${sql.ref('calls.id')}`),
    )
    .select(['calls.id', 'calls.principal', 'calls.started_at as at', 'calls.outcome', 'journal.data'])
    .where('calls.tenant', '=', tenant)
}

/** The smallest id a call can have that was begun at this time: ids are UUIDv7, and begin with their milliseconds. */
function firstIdAt(time: Date): string {
  const digits = Math.max(0, time.getTime()).toString(16).padStart(12, '0')
  return `${digits.slice(0, 8)}-${digits.slice(8)}`
}

function parsed(bytes: Uint8Array): JsonObject {
  return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')) as JsonObject
}
