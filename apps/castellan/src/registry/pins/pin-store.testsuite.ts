import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { digestJson, newId } from '../../kernel/index.ts'
import type { Entry, JournalStore } from '../../journal/index.ts'
import { aLine, linesBeside } from '../../journal/fixtures/a-line.ts'
import type { Definitions, PinBook } from './pin.ts'
import type { PinStore } from './pin-store.ts'

export interface OpenPinStore {
  readonly pins: PinStore
  readonly journal: JournalStore
  close(): Promise<void>
}

/** What every pin store promises. All tests share one store. */
export function pinStoreSuite(name: string, open: () => Promise<OpenPinStore>, skip: string | false): void {
  describe(`${name} is a pin store`, { skip }, () => {
    let opened: OpenPinStore
    let store: PinStore
    before(async () => {
      opened = await open()
      store = opened.pins
    })
    after(() => opened?.close())

    const anEntry = () => aLine(opened.journal)
    const written = (entry: Entry) => linesBeside(entry, opened.journal)
    const conflict = { code: 'VERSION_CONFLICT' }

    test('a book reads back with its definitions, and changes version by version', async () => {
      const book = aBook(newId(), 'files')
      assert.equal(await store.book(book.tenant, 'files'), undefined)
      assert.deepEqual(await store.definitions(book.tenant, 'files'), {})
      const [first, second, refused] = [anEntry(), anEntry(), anEntry()]
      await store.save(book, definitions, [first])
      assert.deepEqual(await store.book(book.tenant, 'files'), book)
      assert.deepEqual(await store.definitions(book.tenant, 'files'), definitions)
      const next: PinBook = { ...book, version: 2, entries: 3, pins: [{ ...book.pins[0]!, waiting: null }] }
      await store.save(next, {}, [second])
      assert.deepEqual(await store.book(book.tenant, 'files'), next)
      assert.deepEqual(await store.definitions(book.tenant, 'files'), {})
      await assert.rejects(store.save(next, {}, [refused]), conflict)
      await assert.rejects(store.save(book, {}, [refused]), conflict)
      await assert.rejects(store.save({ ...aBook(newId(), 'new'), version: 2 }, {}, [refused]), conflict)
      assert.deepEqual([await written(first), await written(second), await written(refused)], [1, 1, 0])
    })

    test('books of the same server name in two tenants have nothing to do with each other', async () => {
      const [mine, theirs] = [aBook(newId(), 'files'), { ...aBook(newId(), 'files'), entries: 7 }]
      await store.save(mine, definitions, [])
      await store.save(theirs, {}, [])
      assert.deepEqual(await store.book(mine.tenant, 'files'), mine)
      assert.deepEqual(await store.book(theirs.tenant, 'files'), theirs)
      assert.deepEqual(await store.definitions(theirs.tenant, 'files'), {})
      const all = await store.books()
      for (const book of [mine, theirs]) assert.deepEqual(all.find(each => each.tenant === book.tenant), book) // prettier-ignore
    })

    test('of two who save the same version one is told, and nothing of it is kept', async () => {
      const book = aBook(newId(), 'raced')
      await store.save(book, definitions, [])
      const entries = [anEntry(), anEntry()]
      const saved = await Promise.allSettled(
        entries.map((entry, index) => store.save({ ...book, version: 2, entries: index }, {}, [entry])),
      )
      assert.deepEqual(saved.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
      assert.equal((await written(entries[0]!)) + (await written(entries[1]!)), 1)
    })
  })
}

const definition = { name: 'a\u0000b', description: 'Ü 🙂', inputSchema: { properties: { __proto: {} } } }
const definitions: Definitions = { [digestJson(definition)]: definition }

function aBook(tenant: string, server: string): PinBook {
  const digest = digestJson(definition)
  const at = '2026-01-01T00:00:00.000Z'
  return {
    tenant,
    server,
    version: 1,
    entries: 1,
    pins: [
      {
        id: '0123456789abcdef0123456789abcdef',
        kind: 'tool',
        name: 'a\u0000b',
        approved: { digest, basis: digest, how: 'first_use', by: 'system', at },
        waiting: {
          digest: digestJson({}),
          changes: [{ class: 'new_url', at: '', what: 'https://elsewhere.example' }],
          since: at,
          rejected: { by: 'ann', at },
        },
      },
    ],
  }
}
