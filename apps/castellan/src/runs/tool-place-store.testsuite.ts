import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe, test } from 'node:test'
import { newId } from '../kernel/index.ts'
import type { ToolPlace, ToolPlaceStore } from './tool-place-store.ts'

interface Opened {
  readonly toolPlaces: ToolPlaceStore
}

export interface OpenToolPlaceStore extends Opened {
  /** The same store as another process has it. */
  readonly other: Opened
  close(): Promise<void>
}

/** What processes may rely on that share the places at tools. */
export function toolPlaceStoreSuite(name: string, open: () => Promise<OpenToolPlaceStore>, skip: string | false): void {
  describe(`${name} has a line at each tool`, { skip }, () => {
    const within = async (body: (one: ToolPlaceStore, other: ToolPlaceStore) => Promise<void>) => {
      const opened = await open()
      try {
        await body(opened.toolPlaces, opened.other.toolPlaces)
      } finally {
        await opened.close()
      }
    }
    const at = (tool: string): ToolPlace => ({ id: newId(), tool })
    const ids = (...places: readonly ToolPlace[]) => places.map(({ id }) => id)

    test('the first so many are told, in the order in which they came; who leaves makes room', () =>
      within(async (one, other) => {
        const [a, b, c, d] = [at('act'), at('act'), at('act'), at('act')]
        await one.enter([a], LONG)
        await other.enter([b, c], LONG)
        await one.enter([d], LONG)
        assert.deepEqual(await one.first(['act'], 3), ids(a))
        assert.deepEqual(await other.first(['act'], 3), ids(b, c))
        await other.leave(b.id)
        assert.deepEqual(await one.first(['act'], 3), ids(a, d))
        await one.leave(a.id)
        const again = at('act')
        await one.enter([again], LONG)
        assert.deepEqual(await one.first(['act'], 2), ids(d))
      }))

    test('each tool has a line of its own', () =>
      within(async (one, other) => {
        const [a, b, c] = [at('act'), at('look'), at('look')]
        await one.enter([a, b], LONG)
        await other.enter([c], LONG)
        assert.deepEqual((await one.first(['act', 'look'], 1)).toSorted(), ids(a, b).toSorted())
        assert.deepEqual(await one.first(['look'], 1), ids(b))
        assert.deepEqual(await other.first(['look', 'act'], 1), [])
      }))

    test('who enters again stays where they are', () =>
      within(async (one, other) => {
        const [a, b] = [at('act'), at('act')]
        await one.enter([a], 0)
        await one.enter([a], LONG)
        await other.enter([b], LONG)
        await one.enter([a], LONG)
        assert.deepEqual(await one.first(['act'], 1), ids(a))
        assert.deepEqual(await other.first(['act'], 1), [])
      }))

    test('who did not say so in time is gone once somebody else comes, and comes back at the end', () =>
      within(async (one, other) => {
        const [a, b, c] = [at('act'), at('act'), at('act')]
        await one.enter([a], 0)
        await other.enter([b], LONG)
        assert.deepEqual(await other.first(['act'], 1), ids(b))
        await other.enter([c], LONG)
        await one.enter([a], LONG)
        await other.leave(b.id)
        assert.deepEqual([await one.first(['act'], 1), await other.first(['act'], 1)], [[], ids(c)])
      }))

    test('whose call is under way, and was late without being missed, goes on', () =>
      within(async (one, other) => {
        const [a, b] = [at('act'), at('act')]
        await one.enter([a], 0)
        await one.keep([a], LONG)
        await other.enter([b], LONG)
        assert.deepEqual([await one.first(['act'], 1), await other.first(['act'], 1)], [ids(a), []])
      }))

    test('whose call is under way, and was taken for gone, counts again: nobody else comes in before there is room', () =>
      within(async (one, other) => {
        const [a, b, c] = [at('act'), at('act'), at('act')]
        await one.enter([a], 0)
        await other.enter([b, c], LONG)
        assert.deepEqual(await other.first(['act'], 1), ids(b))
        await other.keep([b], LONG)
        await one.keep([a], LONG)
        await other.leave(b.id)
        assert.deepEqual(await other.first(['act'], 1), [])
        await one.leave(a.id)
        assert.deepEqual(await other.first(['act'], 1), ids(c))
      }))

    test('of many who come and go at once never more than may be are in, and each is let in', () =>
      within(async (...stores) => {
        const most = 3
        let [inside, letIn] = [0, 0]
        const visit = async (store: ToolPlaceStore) => {
          // One who comes later may have the smaller id.
          const place = { id: randomUUID(), tool: 'act' }
          await store.enter([place], LONG)
          while (!(await store.first(['act'], most)).includes(place.id)) await turn()
          assert.ok(++inside <= most, `${inside} at once`)
          letIn++
          await turn()
          await store.keep([place], LONG)
          inside--
          await store.leave(place.id)
        }
        const visitors = Array.from({ length: 16 }, async (_, index) => {
          for (let count = 0; count < 10; count++) await visit(stores[index % 2]!)
        })
        await Promise.all(visitors)
        assert.equal(letIn, 160)
      }))
  })
}

/** Milliseconds. */
const LONG = 60_000

/** A store may answer at once, and the others want their turn. */
function turn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}
