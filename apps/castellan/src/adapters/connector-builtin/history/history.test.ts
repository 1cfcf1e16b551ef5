import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { JsonObject } from '../../../kernel/index.ts'
import { systemClock } from '../../../kernel/index.ts'
import { openSqlite } from '../../store-sql/index.ts'
import { type BuiltIn, builtIn, connector, temporaryFolder } from '../fixtures/built-in.ts'

/** A shelf in a real store; every call of a test is by a principal of its own, so it is shared. */
async function withMemory(settings: JsonObject, body: (memory: BuiltIn) => Promise<void>): Promise<void> {
  using folder = temporaryFolder()
  await using stores = await openSqlite({ folder: folder.path, clock: systemClock })
  const mask = (text: string) => text.replaceAll('s3cret', '[masked]')
  await using memory = await builtIn(
    'history',
    { scope: 'tenant', ...settings },
    connector({ notes: stores.notes, mask }),
  )
  await body(memory)
}

interface Found {
  readonly notes: readonly { readonly id: string; readonly text: string; readonly tags: readonly string[] }[]
}

describe('notes', () => {
  test('are kept without the secrets that are known here, and not found by them', () =>
    withMemory({}, async memory => {
      await memory.structured('append', { text: 'The token is s3cret', tags: ['s3cret', 'token'] })
      const { notes } = await memory.structured<Found>('recall', {})
      assert.deepEqual(
        notes.map(({ text, tags }) => [text, tags]),
        [['The token is [masked]', ['[masked]', 'token']]],
      )
      assert.deepEqual((await memory.structured<Found>('search', { query: 's3cret' })).notes, [])
    }))

  test('are refused when they are too long, or when there is no room', () =>
    withMemory({ max_notes: 1, max_size: '10B' }, async memory => {
      assert.match(await memory.refusal('append', { text: 'Grüße aus X' }), /13B, and 10B is the most/)
      const { id } = await memory.structured<{ id: string }>('append', { text: 'short' })
      assert.match(await memory.refusal('append', { text: 'more' }), /1 notes already/)
      await memory.structured('forget', { id })
      await memory.structured('append', { text: 'more' })
    }))

  test('are shown page by page, from a time on', () =>
    withMemory({}, async memory => {
      for (const text of ['one', 'two', 'three']) await memory.structured('append', { text })
      const first = await memory.structured<Found>('recall', { limit: 2 })
      const rest = await memory.structured<Found>('recall', { before: first.notes.at(-1)!.id })
      assert.deepEqual(
        [...first.notes, ...rest.notes].map(({ text }) => text),
        ['three', 'two', 'one'],
      )
      assert.deepEqual((await memory.structured<Found>('recall', { since: '2999-01-01T00:00:00Z' })).notes, [])
    }))

  for (const [what, tool, args, why] of [
    ['a time that is none', 'recall', { since: 'yesterday' }, /no time/],
    ['this session where there is none', 'search', { query: 'x', this_session: true }, /no session/],
    ['forgetting what is not there', 'forget', { id: 'nothing' }, /no note "nothing"/],
  ] as const) {
    test(`${what} is refused`, () =>
      withMemory({}, async memory => assert.match(await memory.refusal(tool, args), why)))
  }
})
