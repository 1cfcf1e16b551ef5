import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { openSqlite, type Stores } from '../adapters/store-sql/index.ts'
import { until } from '../adapters/store-sql/testing/journal-facts.ts'
import { temporaryFolder } from '../adapters/store-sql/testing/temporary-folder.ts'
import { type Clock, manualClock, systemClock } from '../kernel/index.ts'
import { SharedToolPlaces } from './shared-tool-places.ts'
import { toolPlacesSuite } from './tool-places.testsuite.ts'

toolPlacesSuite('a process that shares a store', async most => {
  const opened = await open()
  const places = opened.process(most)
  return { take: (...given) => places.take(...given), [Symbol.asyncDispose]: opened[Symbol.asyncDispose] }
})

describe('places that processes share', () => {
  const never = new AbortController().signal

  test('are as many in all, and who leaves makes room for who waits elsewhere', async () => {
    await using opened = await open()
    const [one, two] = [opened.process(1), opened.process(1)]
    const leave = await one.take('a', never)
    let came = false
    const next = two.take('a', never).then(given => ((came = true), given))
    await until(() => opened.asked.filter(each => each === 'first').length >= 3, 'the other has looked')
    assert.equal(came, false)
    await leave!()
    opened.hint()
    await (await next)!()
  })

  test('are kept while calls take long and others wait, and no longer', async () => {
    await using opened = await open()
    const clock = manualClock()
    const times = (what: string) => opened.asked.filter(each => each === what).length
    const places = opened.process(1, clock)
    const leave = await places.take('a', never)
    const next = places.take('a', never)
    const waits = () => times('enter') === 2 && opened.asked.lastIndexOf('first') > opened.asked.lastIndexOf('enter')
    await until(waits, 'the other waits')
    clock.advance(LEASE)
    opened.hint()
    await until(() => opened.asked.includes('keep'), 'the place is kept')
    await until(() => times('enter') === 3, 'so is that in the line')
    await leave!()
    await (await next)!()
    await until(() => opened.listeners() === 0, 'nothing is listened to any more')
    const asked = opened.asked.length
    clock.advance(LEASE)
    opened.hint()
    assert.equal(opened.asked.length, asked)
  })

  test('cannot be had, and are given back, while the store is away', async () => {
    const opened = await open()
    const places = opened.process(1)
    const leave = await places.take('a', never)
    await opened[Symbol.asyncDispose]()
    await assert.rejects(places.take('a', never), { code: 'STORE_UNAVAILABLE' })
    await leave!()
    await until(() => opened.listeners() === 0, 'nothing is listened to any more')
  })
})

const LEASE = 60_000

/** A store, and as many processes on it as are wanted. */
async function open() {
  const folder = temporaryFolder()
  const stores: Stores = await openSqlite({ folder: folder.path, clock: systemClock })
  const { enter, keep, first, leave } = stores.toolPlaces
  const [asked, hints] = [[] as string[], new Set<() => void>()]
  const told =
    <Given extends readonly unknown[], Answer>(what: string, ask: (...given: Given) => Promise<Answer>) =>
    (...given: Given) => (asked.push(what), ask(...given))
  const store = {
    enter: told('enter', enter),
    keep: told('keep', keep),
    first: told('first', first),
    leave: told('leave', leave),
  }
  const onHint = (hint: () => void) => {
    hints.add(hint)
    return () => void hints.delete(hint)
  }
  const onBug = (error: unknown) => {
    throw error
  }
  return {
    /** What was asked of the store. */
    asked,
    hint: () => hints.forEach(hint => hint()),
    listeners: () => hints.size,
    process: (most: number, clock: Clock = systemClock) =>
      new SharedToolPlaces({ store, most, onHint, clock, onBug, lease: LEASE }),
    async [Symbol.asyncDispose]() {
      await stores.close()
      folder[Symbol.dispose]()
    },
  }
}
