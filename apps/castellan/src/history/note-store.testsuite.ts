import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { newId } from '../kernel/index.ts'
import type { Note, Shelf } from './note.ts'
import type { NoteStore } from './note-store.ts'
import { searchNotes, wordsIn } from './search-notes.ts'

export interface OpenNoteStore {
  readonly notes: NoteStore
  close(): Promise<void>
}

/** What every store of notes promises. All tests share one store. */
export function noteStoreSuite(name: string, open: () => Promise<OpenNoteStore>, skip: string | false): void {
  describe(`${name} is a store of notes`, { skip }, () => {
    let opened: OpenNoteStore
    let store: NoteStore
    before(async () => {
      opened = await open()
      store = opened.notes
    })
    after(() => opened?.close())

    const aShelf = (): Shelf => ({ tenant: newId(), name: 'memory/ann' })
    const keep = async (shelf: Shelf, text: string, rest: Partial<Note> = {}): Promise<Note> => {
      const id = newId()
      const note: Note = {
        id,
        text,
        tags: [],
        principal: 'ann',
        session: null,
        at: '2026-03-01T12:00:00.000Z',
        ...rest,
      }
      await store.add(shelf, note, wordsIn(text))
      return note
    }
    const anything = { session: null, tag: null, since: null }

    test('notes read back as they were written, newest first, page by page', async () => {
      const shelf = aShelf()
      const first = await keep(shelf, 'Grüße, 你好 🎉 \'"; DROP TABLE notes', { tags: ['a', 'b'], session: 's' })
      const second = await keep(shelf, 'second')
      assert.deepEqual(await store.notes(shelf, anything, null, 10), [second, first])
      assert.deepEqual(await store.notes(shelf, anything, second.id, 10), [first])
      assert.deepEqual(await store.notes(shelf, anything, null, 1), [second])
      assert.deepEqual(await store.named(shelf, [first.id, newId()]), [first])
      assert.deepEqual(await store.named(shelf, []), [])
    })

    test('notes are found by session, tag and time', async () => {
      const shelf = aShelf()
      const one = await keep(shelf, 'one', { session: 's1', tags: ['Plan'] })
      const two = await keep(shelf, 'two', { session: 's2', tags: ['plan', 'x'], at: '2026-03-02T00:00:00.000Z' })
      const ids = async (filter: object) =>
        (await store.notes(shelf, { ...anything, ...filter }, null, 10)).map(({ id }) => id)
      assert.deepEqual(await ids({ session: 's1' }), [one.id])
      assert.deepEqual(await ids({ tag: 'plan' }), [two.id])
      assert.deepEqual(await ids({ since: '2026-03-02T00:00:00.000Z' }), [two.id])
      assert.deepEqual(await ids({ session: 's1', tag: 'plan' }), [])
    })

    test('nothing of a shelf is seen, found or removed from another, of the same tenant or not', async () => {
      const shelf = aShelf()
      const note = await keep(shelf, 'the harbour master knows', { tags: ['t'] })
      for (const other of [
        { ...shelf, name: 'memory/bob' },
        { ...shelf, tenant: newId() },
      ]) {
        assert.deepEqual(await store.notes(other, { ...anything, tag: 't' }, null, 10), [])
        assert.deepEqual(await store.named(other, [note.id]), [])
        assert.deepEqual(await searchNotes(store, other, 'harbour', null, 10), [])
        assert.deepEqual(await store.extent(other), { notes: 0, words: 0 })
        await assert.rejects(store.remove(other, note.id), { code: 'NOT_FOUND' })
      }
      assert.deepEqual(await store.extent(shelf), { notes: 1, words: 4 })
    })

    test('the best note comes first: rare words count more, and notes that say less besides', async () => {
      const shelf = aShelf()
      const long = await keep(shelf, `pump ${'valve pressure report of the day '.repeat(20)}`)
      const short = await keep(shelf, 'The pump was replaced', { session: 's' })
      for (let n = 0; n < 5; n++) await keep(shelf, 'a report of the day')
      const search = async (query: string, session: string | null = null) =>
        (await searchNotes(store, shelf, query, session, 10)).map(({ id }) => id)
      assert.deepEqual(await search('pumps'), [short.id, long.id])
      assert.deepEqual((await search('report pump'))[0], short.id)
      assert.deepEqual(await search('pump', 's'), [short.id])
      assert.deepEqual(await search('submarine'), [])
      assert.deepEqual(await search('%_*"\''), [])
    })

    test('a note of very many words is kept and found', async () => {
      const shelf = aShelf()
      const note = await keep(shelf, Array.from({ length: 9_000 }, (_, n) => `w${n.toString(36)}`).join(' '))
      assert.deepEqual(
        (await searchNotes(store, shelf, `w${(8_888).toString(36)}`, null, 5)).map(({ id }) => id),
        [note.id],
      )
    })

    test('a note that is removed is gone with its words', async () => {
      const shelf = aShelf()
      const note = await keep(shelf, 'lighthouse', { tags: ['t'] })
      await store.remove(shelf, note.id)
      assert.deepEqual(await store.occurrences(shelf, ['lighthouse'], null), [])
      assert.deepEqual(await store.notes(shelf, { ...anything, tag: 't' }, null, 10), [])
      await assert.rejects(store.remove(shelf, note.id), { code: 'NOT_FOUND' })
    })
  })
}
