import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { postgresForTests } from '../../../../../../tests/support/services.ts'
import type { JournalStore, SequencedEntry } from '../../../journal/index.ts'
import { isFault } from '../../../kernel/index.ts'
import { openPostgres } from '../index.ts'
import { startChild } from '../testing/child.ts'
import { cuttableProxy } from '../testing/cuttable-proxy.ts'
import { connect, freshPostgres, run } from '../testing/fresh-postgres.ts'
import { anEntry, until, wholeJournal } from '../testing/journal-facts.ts'

const server = await postgresForTests()

describe('PostgreSQL', { skip: server.skip }, () => {
  let database: Awaited<ReturnType<typeof freshPostgres>>
  let url: string
  before(async () => {
    database = await freshPostgres(server.url)
    url = database.url
  })
  after(() => database?.drop())

  test('an entry whose transaction began first and commits last is never skipped by a reader', async () => {
    await using stores = await openPostgres({ url })
    await using other = await connect(url)
    const from = await stores.journal.head()
    const [late, early] = [anEntry(stores.journal), anEntry(stores.journal)]
    await other.client.query('BEGIN')
    const row = { ...late, correlation_id: late.correlationId, data: '{}', leaf_hash: late.leafHash }
    const columns = ['id', 'tenant', 'stream', 'seq', 'type', 'at', 'principal', 'correlation_id', 'data', 'leaf_hash'] as const // prettier-ignore
    await other.client.query(
      `INSERT INTO journal (${columns.join()}) VALUES (${columns.map((_, n) => `$${n + 1}`).join()})`,
      columns.map(column => row[column]),
    )
    await stores.journal.append([early])

    const seen = await readOn(stores.journal, from, 1)
    assert.deepEqual(seen.map(({ id }) => id), [early.id]) // prettier-ignore
    await other.client.query('COMMIT')
    const next = await readOn(stores.journal, seen[0]!.offset, 1)
    assert.deepEqual(next.map(({ id, offset }) => [id, offset]), [[late.id, from + 2]]) // prettier-ignore
    const [{ first, last }] = (
      await other.client.query('SELECT min(ordinal) AS first, max(ordinal) AS last FROM journal WHERE "offset" > $1', [
        from,
      ])
    ).rows as [{ first: string; last: string }]
    const [place] = (await other.client.query('SELECT ordinal FROM journal WHERE id = $1', [late.id])).rows as [
      { ordinal: string },
    ]
    assert.ok(first !== last && place.ordinal === first, 'the late one was inserted first')
  })

  test('two processes append at once, and a reader sees every offset in turn', async () => {
    await using stores = await openPostgres({ url })
    const from = await stores.journal.head()
    await using first = startChild('write-storm.ts', ['postgres', url, '1000'])
    await using second = startChild('write-storm.ts', ['postgres', url, '1000'])
    const storms = [first, second]
    const seen = await readOn(stores.journal, from, 2_000)
    assert.deepEqual(seen.map(({ offset }) => offset), Array.from({ length: 2_000 }, (_, n) => from + 1 + n)) // prettier-ignore
    assert.deepEqual(await Promise.all(storms.map(({ ended }) => ended)), [0, 0])
    assert.deepEqual(new Set(seen.map(({ id }) => id)), new Set(storms.flatMap(({ lines }) => lines)))
    const processes = seen.map(({ data }) => data['pid'])
    assert.deepEqual(new Set(processes), new Set(storms.map(({ pid }) => pid)))
    await wholeJournal(stores.journal)
  })

  test('a round looks at the entries that have no offset yet, not at all that once had none', async () => {
    const own = await freshPostgres(server.url)
    try {
      await using stores = await openPostgres({ url: own.url })
      const rounds = 300
      for (let round = 0; round < rounds; round++) {
        await stores.journal.append(Array.from({ length: 5 }, () => anEntry(stores.journal)))
        await until(async () => (await stores.journal.head()) === (round + 1) * 5, 'the round')
      }
      await using other = await connect(own.url)
      const looked = async () => {
        const counted = `SELECT coalesce(idx_tup_read, 0) AS read FROM pg_stat_user_indexes WHERE indexrelname = 'journal_unsequenced'`
        return Number((await other.client.query(counted)).rows[0].read)
      }
      await until(async () => (await looked()) >= rounds * 4, 'the database has counted')
      assert.ok((await looked()) < rounds * 5 * 10, `${await looked()} looked at for ${rounds * 5} entries`)
    } finally {
      await own.drop()
    }
  })

  test('what a killed process committed is sequenced by those who live', async () => {
    await using stores = await openPostgres({ url })
    const from = await stores.journal.head()
    await using storm = startChild('write-storm.ts', ['postgres', url, '1e9'])
    await storm.printed(300)
    storm.kill()
    await storm.ended
    const acknowledged = storm.lines.length
    const kept = new Set((await readOn(stores.journal, from, acknowledged)).map(({ id }) => id))
    await until(async () => {
      for (const { id } of await stores.journal.read(from, 100_000)) kept.add(id)
      return storm.lines.every(id => kept.has(id))
    }, 'every acknowledged entry is sequenced')
    await wholeJournal(stores.journal)
  })

  test('a listener hears what another process appended', async () => {
    await using mine = await openPostgres({ url })
    await using theirs = await openPostgres({ url })
    const entry = anEntry(theirs.journal)
    const heard = new Promise<void>(resolve => {
      mine.journal.onAppended(() => void hearing(mine.journal, entry.id).then(there => there && resolve()))
    })
    await theirs.journal.append([entry])
    await heard
  })

  test('when every connection is lost again and again, what was repeated until acknowledged is kept exactly once', async () => {
    await using stores = await openPostgres({ url })
    const from = await stores.journal.head()
    const entries = Array.from({ length: 400 }, () => anEntry(stores.journal))
    let lost = 0
    const writing = Array.from({ length: 8 }, async () => {
      for (let entry; (entry = entries.pop());) {
        while (!(await appended(stores.journal, entry))) lost++
      }
    })
    const name = new URL(url).pathname.slice(1)
    const kill = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`
    const over = new AbortController()
    const killing = (async () => {
      while (!over.signal.aborted) await run(server.url, kill)
    })()
    await Promise.all(writing).finally(() => over.abort())
    await killing
    assert.ok(lost > 0)
    await readOn(stores.journal, from, 400)
    await until(async () => (await tried(stores.journal.head())) === from + 400, 'the head')
    assert.equal((await wholeJournal(stores.journal)).length, from + 400)
  })

  test('an unreachable server is a clear fault, and everything works again when it is back', async () => {
    await using proxy = await cuttableProxy(url)
    await using stores = await openPostgres({ url: proxy.url })
    const entry = anEntry(stores.journal)
    proxy.cut()
    await assert.rejects(stores.journal.append([entry]), { code: 'STORE_UNAVAILABLE' })
    await assert.rejects(stores.journal.head(), { code: 'STORE_UNAVAILABLE' })
    await assert.rejects(openPostgres({ url: proxy.url }), { code: 'STORE_UNAVAILABLE' })
    proxy.mend()
    let woken = 0
    stores.journal.onAppended(() => woken++)
    await stores.journal.append([entry])
    await until(async () => (await hearing(stores.journal, entry.id)) && woken > 0, 'sequenced, and said so')
  })

  test('writers who lock the same streams in opposite order both get through', async () => {
    await using stores = await openPostgres({ url })
    const { journal } = stores
    const attempts = Array.from({ length: 5 }, async () => {
      const [a, b] = [anEntry(journal), anEntry(journal)]
      const twins = [{ ...anEntry(journal), stream: b.stream }, { ...anEntry(journal), stream: a.stream }] // prettier-ignore
      const ends = await Promise.allSettled([journal.append([a, b]), journal.append(twins)])
      for (const end of ends) {
        if (end.status === 'rejected') assert.equal((end.reason as { code: string }).code, 'STREAM_CONFLICT')
      }
      return ends.filter(({ status }) => status === 'fulfilled').length
    })
    assert.ok((await Promise.all(attempts)).every(kept => kept === 1))
  })

  test('a text that cannot be stored is refused as such', async () => {
    await using stores = await openPostgres({ url })
    const entry = { ...anEntry(stores.journal), principal: 'ann\0' }
    await assert.rejects(stores.journal.append([entry]), { code: 'REQUEST_INVALID' })
    await assert.rejects(stores.calls.call('acme', '\0'), { code: 'REQUEST_INVALID' })
  })

  test('many processes may open a new database at the same time', async () => {
    const empty = await freshPostgres(server.url)
    try {
      const opened = await Promise.all(
        Array.from({ length: 5 }, () => openPostgres({ url: empty.url, connections: 2 })),
      )
      for (const stores of opened) assert.ok(stores.migrations.every(({ appliedAt }) => appliedAt !== null))
      await Promise.all(opened.map(stores => stores.close()))
    } finally {
      await empty.drop()
    }
  })

  test('closing ends every connection, also when it is asked twice and writes are under way', async () => {
    const own = await freshPostgres(server.url)
    try {
      const stores = await openPostgres({ url: own.url })
      const accepted = Array.from({ length: 50 }, () => stores.journal.append([anEntry(stores.journal)]))
      await Promise.all([...accepted, stores.close(), stores.close()])
      await assert.rejects(stores.journal.append([anEntry(stores.journal)]), { code: 'STORE_UNAVAILABLE' })
      await using admin = await connect(server.url)
      const ask = 'SELECT count(*)::int AS left FROM pg_stat_activity WHERE datname = $1'
      const left = async () =>
        (await admin.client.query<{ left: number }>(ask, [new URL(own.url).pathname.slice(1)])).rows[0]!.left
      await until(async () => (await left()) === 0, 'no connection is left')
    } finally {
      await own.drop()
    }
  })
})

/** Reads on from an offset until it has so many, as a subscriber that only polls would. */
async function readOn(journal: JournalStore, after: number, count: number): Promise<SequencedEntry[]> {
  const seen: SequencedEntry[] = []
  await until(async () => {
    const page = await tried(journal.read(seen.at(-1)?.offset ?? after, 1_000))
    seen.push(...(page ?? []))
    return seen.length >= count
  }, `${count} entries after ${after}`)
  return seen
}

async function appended(journal: JournalStore, entry: SequencedEntry | ReturnType<typeof anEntry>): Promise<boolean> {
  return (await tried(journal.append([entry]).then(() => true))) ?? false
}

/** Undefined when the store was not there. */
async function tried<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked
  } catch (error) {
    if (isFault(error, 'STORE_UNAVAILABLE')) return undefined
    throw error
  }
}

async function hearing(journal: JournalStore, id: string): Promise<boolean> {
  const entries = await tried(journal.read(0, 100_000))
  return entries?.some(entry => entry.id === id) ?? false
}
