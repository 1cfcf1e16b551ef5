import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { newId, systemClock } from '../kernel/index.ts'
import { type Draft, type Entry, leafHash, type SequencedEntry } from './entry.ts'
import { Journal } from './journal.ts'
import type { EntryFilter, JournalStore } from './journal-store.ts'

export interface OpenJournalStore {
  readonly journal: JournalStore
  close(): Promise<void>
}

/** What every journal store promises. All tests share one store. */
export function journalStoreSuite(name: string, open: () => Promise<OpenJournalStore>, skip: string | false): void {
  describe(`${name} is a journal store`, { skip }, () => {
    let opened: OpenJournalStore
    let store: JournalStore
    before(async () => {
      opened = await open()
      store = opened.journal
    })
    after(() => opened?.close())

    const seal = (draft: Partial<Draft> = {}): Entry =>
      new Journal(store, systemClock).seal({
        tenant: 'acme',
        stream: `call:${newId()}`,
        seq: 0,
        type: 'call.ended',
        principal: 'ann',
        correlationId: newId(),
        data: { n: 1 },
        ...draft,
      })

    /** What was sequenced after an offset, once there are so many; bounded by the runner's patience, not by a guess. */
    async function sequenced(from: number, count: number, filter?: EntryFilter): Promise<SequencedEntry[]> {
      const end = performance.now() + 20_000
      for (;;) {
        const entries = await store.read(from, count, filter)
        if (entries.length >= count) return entries
        assert.ok(performance.now() < end, `${entries.length} of ${count} entries were sequenced`)
        await new Promise(resolve => setTimeout(resolve, 5))
      }
    }

    test('an entry reads back as it was appended, and its leaf hash still holds', async () => {
      const from = await store.head()
      const hostile = { text: 'Ünïcödé 🔑\0\n"\\\u2028', list: [1.5, -0, 1e-7, null, true, {}], ['__proto__']: 'x' }
      const entry = seal({ data: { ...hostile, nested: { b: 2, a: [[]] } }, causationId: 'cause' })
      await store.append([entry])
      const [read] = await sequenced(from, 1)
      assert.ok(read)
      const { offset, ...rest } = read
      assert.equal(offset, from + 1)
      assert.equal(leafHash(rest), entry.leafHash)
      assert.deepEqual(JSON.parse(JSON.stringify(rest)), JSON.parse(JSON.stringify(entry)))
      assert.equal((await store.readStream('acme', entry.stream))[0]?.leafHash, entry.leafHash)
    })

    test('what is to be written soon is written, by itself and along with what is written now', async () => {
      const stream = `run:${newId()}`
      await store.append([seal({ stream, seq: 0 })], 'soon')
      const held = store.append([seal({ stream, seq: 1 })], 'soon')
      await Promise.all([store.append([seal()], 'now'), held])
      assert.deepEqual((await store.readStream('acme', stream)).map(({ seq }) => seq), [0, 1]) // prettier-ignore
      await assert.rejects(store.append([seal({ stream, seq: 1 })], 'soon'), { code: 'STREAM_CONFLICT' })
    })

    test('a stream grows by one: a place that is taken or leaves a gap is a conflict', async () => {
      const stream = `run:${newId()}`
      await store.append([seal({ stream, seq: 0 }), seal({ stream, seq: 1 })])
      for (const seq of [0, 1, 3, -1]) {
        await assert.rejects(store.append([seal({ stream, seq })]), {
          code: 'STREAM_CONFLICT',
          details: { stream, seq },
        })
      }
      await assert.rejects(store.append([seal({ seq: 1 })]), { code: 'STREAM_CONFLICT' })
      await store.append([seal({ stream, seq: 2 })])
      assert.deepEqual((await store.readStream('acme', stream)).map(({ seq }) => seq), [0, 1, 2]) // prettier-ignore
    })

    test('a stream is read from any place on, as far as one likes', async () => {
      const stream = `session:${newId()}`
      await store.append([0, 1, 2, 3].map(seq => seal({ stream, seq })))
      const places = async (after: number, limit?: number) =>
        (await store.readStream('acme', stream, after, limit)).map(({ seq }) => seq)
      assert.deepEqual(await places(-1), [0, 1, 2, 3])
      assert.deepEqual(await places(0, 2), [1, 2])
      assert.deepEqual(await places(2, 2), [3])
      assert.deepEqual(await places(3, 2), [])
    })

    test('what stands at known offsets is read in their order, of one tenant alone', async () => {
      const from = await settledHead()
      const entries = Array.from({ length: 700 }, (_, n) => seal({ tenant: n === 5 ? 'globex' : 'acme' }))
      await store.append(entries)
      const all = await sequenced(from, entries.length)
      const read = await store.readAt('acme', all.map(({ offset }) => offset).toReversed())
      assert.deepEqual(
        read.map(({ offset, id }) => [offset, id]),
        all.filter(({ tenant }) => tenant === 'acme').map(({ offset, id }) => [offset, id]),
      )
      assert.deepEqual(await store.readAt('acme', [all.at(-1)!.offset + 1_000_000]), [])
      assert.deepEqual(await store.readAt('acme', []), [])
    })

    test('the same stream name of another tenant is another stream', async () => {
      const stream = `run:${newId()}`
      await store.append([seal({ stream }), seal({ stream, tenant: 'globex' })])
      assert.equal((await store.readStream('acme', stream)).length, 1)
      assert.deepEqual(await store.readStream('initech', stream), [])
    })

    test('all entries are appended or none', async () => {
      const [good, bad] = [seal(), seal({ seq: 7 })]
      await assert.rejects(store.append([good, bad]), { code: 'STREAM_CONFLICT' })
      assert.deepEqual(await store.readStream('acme', good.stream), [])
    })

    test('to append the very same entries again changes nothing, so a writer in doubt may repeat', async () => {
      const entries = [seal(), seal()]
      await store.append(entries)
      await store.append(entries)
      assert.equal((await store.readStream('acme', entries[0]!.stream)).length, 1)
      await assert.rejects(store.append([...entries, seal()]), { code: 'STREAM_CONFLICT' })
    })

    test('of many who append to the same place exactly one succeeds, and offsets stay without gaps', async () => {
      const from = await settledHead()
      const stream = `run:${newId()}`
      const attempts = await Promise.allSettled(Array.from({ length: 50 }, () => store.append([seal({ stream })])))
      assert.equal(attempts.filter(({ status }) => status === 'fulfilled').length, 1)
      await Promise.all(Array.from({ length: 200 }, () => store.append([seal()])))
      const read = await sequenced(from, 201)
      assert.deepEqual(read.map(({ offset }) => offset), Array.from({ length: 201 }, (_, n) => from + 1 + n)) // prettier-ignore
    })

    async function settledHead(): Promise<number> {
      const marker = seal()
      await store.append([marker])
      return (await sequenced(0, 1, { correlationId: marker.correlationId }))[0]!.offset
    }

    test('the head is the newest offset, and reading goes on from any', async () => {
      const head = await settledHead()
      assert.equal(await store.head(), head)
      assert.deepEqual(await store.read(head, 10), [])
      await store.append([seal(), seal(), seal()])
      const [first, second, third] = await sequenced(head, 3)
      assert.deepEqual(await store.read(head, 2), [first, second])
      assert.deepEqual(await store.read(second!.offset, 2), [third])
    })

    test('a filter lets through what matches all of it', async () => {
      const from = await settledHead()
      const correlationId = newId()
      const mine = seal({ principal: 'bob', correlationId, type: 'server.added' })
      await store.append([seal({ principal: 'bob' }), mine, seal({ tenant: 'globex', correlationId }), seal()])
      await sequenced(from, 4)
      const ids = async (filter: EntryFilter) => (await store.read(from, 10, filter)).map(({ id }) => id)
      assert.deepEqual(await ids({ tenant: 'acme', correlationId }), [mine.id])
      assert.deepEqual(await ids({ principal: 'bob', topic: 'server.added' }), [mine.id])
      assert.deepEqual(await ids({ tenant: 'acme', stream: mine.stream }), [mine.id])
      assert.deepEqual(await ids({ tenant: 'globex', principal: 'bob' }), [])
    })

    test('a topic pattern counts levels, and a page is filled past what does not match', async () => {
      const from = await settledHead()
      const tenant = newId()
      const topics = ['a.b', 'a.b.c', 'a.x.y.c.z', 'a.x.c.z', 'ab', 'a.B', 'a_b', 'a.b%']
      await store.append([...topics, ...topics].map(type => seal({ type, tenant })))
      await sequenced(from, 16)
      const types = async (topic: string, limit = 8) => {
        const found = (await store.read(from, limit, { tenant, topic })).map(({ type }) => type)
        return found.slice(0, Math.ceil(found.length / 2))
      }
      assert.deepEqual(await types('a.b'), ['a.b'])
      assert.deepEqual(await types('a.*'), ['a.b', 'a.B', 'a.b%'])
      assert.deepEqual(await types('a.*.c.>'), ['a.x.c.z'])
      assert.deepEqual(await types('a.*.c.>', 2), ['a.x.c.z'])
      assert.deepEqual(await types('a.>', 20), ['a.b', 'a.b.c', 'a.x.y.c.z', 'a.x.c.z', 'a.B', 'a.b%'])
      assert.deepEqual(await types('>', 20), topics)
      for (const odd of ['', 'a\\', "a'b", 'a.b\\%', '\0', '%']) assert.deepEqual(await types(odd), [])
    })

    test('a listener hears of new entries until it leaves', async () => {
      let heard = 0
      const leave = store.onAppended(() => heard++)
      const from = await settledHead()
      const next = new Promise<void>(resolve => {
        const stop = store.onAppended(() => {
          stop()
          resolve()
        })
      })
      await store.append([seal()])
      await next
      assert.ok(heard >= 1)
      leave()
      const after = heard
      await store.append([seal()])
      await sequenced(from, 2)
      assert.equal(heard, after)
    })

    test('a cursor starts at 0, and only the one who knows where it stands may move it', async () => {
      const name = newId()
      assert.equal(await store.cursor(name), 0)
      await assert.rejects(store.moveCursor(name, 5, 6), { code: 'VERSION_CONFLICT' })
      await store.moveCursor(name, 0, 3)
      await assert.rejects(store.moveCursor(name, 0, 4), { code: 'VERSION_CONFLICT' })
      await store.moveCursor(name, 3, 9)
      await assert.rejects(store.moveCursor(name, 3, 4), { code: 'VERSION_CONFLICT' })
      assert.equal(await store.cursor(name), 9)
    })

    test('a blob keeps its bytes for its tenant until it is erased', async () => {
      const blob = { ...new Journal(store, systemClock).sealBlob('acme', { secretish: 'x'.repeat(5_000) }) }
      await store.putBlob(blob)
      await store.putBlob(blob)
      const kept = await store.blob('acme', blob.digest)
      assert.deepEqual(kept, { ...blob, salt: new Uint8Array(blob.salt), bytes: new Uint8Array(blob.bytes) })
      assert.equal(await store.blob('globex', blob.digest), undefined)
      await store.eraseBlob('globex', blob.digest)
      assert.ok(await store.blob('acme', blob.digest))
      await store.eraseBlob('acme', blob.digest)
      assert.equal(await store.blob('acme', blob.digest), undefined)
    })
  })
}
