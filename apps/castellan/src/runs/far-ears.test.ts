import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { fault, manualClock } from '../kernel/index.ts'
import { type EarEvents, FarEars } from './far-ears.ts'
import { aRun } from './fixtures/a-run.ts'
import type { Piece } from './piece.ts'

describe('a model that speaks', () => {
  test('is heard on another node from its first piece on, by one connection, whatever it takes to find out who wants it', async () => {
    const it = elsewhere({ node: 'a:1' })
    const answer = it.ears.begin(run)
    const other = it.ears.begin(aRun({ tenant: 'acme' }))
    assert.ok(answer.isWanted() && other.isWanted())
    answer.tell(piece(0, 'The '))
    await it.looked()
    answer.tell(piece(4, 'snow '))
    const [ear, ...others] = it.opened
    assert.deepEqual(others, [])
    assert.deepEqual(ear!.asked, [run.id, other.run.id])
    ear!.events.onWanted(run.id, true)
    ear!.events.onWanted(other.run.id, false)
    answer.tell(piece(9, 'has '))
    ear!.events.onWanted(run.id, true)
    assert.ok(answer.isWanted())
    assert.equal(other.isWanted(), false)
    answer.tell(piece(13, 'gone'))
    assert.deepEqual(ear!.told, ['The ', 'snow ', 'has ', 'gone'])
    answer.end()
    other.end()
    await it.ears.close()
    assert.ok(ear!.isClosed)
  })

  test('is heard from its beginning where somebody began to listen during the look of another', async () => {
    const nodes: Record<string, string> = {}
    const it = elsewhere(nodes)
    const [before, answer] = [it.ears.begin(run), it.ears.begin(run)]
    before.isWanted()
    await Promise.resolve()
    assert.equal(it.store.looks, 1)
    nodes['node'] = 'a:1'
    assert.ok(answer.isWanted())
    answer.tell(piece(0, 'The '))
    await it.looked()
    assert.equal(it.store.looks, 2)
    it.opened[0]!.events.onWanted(run.id, true)
    assert.deepEqual(it.opened[0]!.told, ['The '])
    for (const each of [before, answer]) each.end()
    await it.ears.close()
  })

  test('is told to nobody who does not want it any more, and from then on to whoever wants it later', async () => {
    const it = elsewhere({ node: 'a:1' })
    const answer = it.ears.begin(run)
    answer.isWanted()
    await it.looked()
    const [ear] = it.opened
    ear!.events.onWanted(run.id, true)
    answer.tell(piece(0, 'The '))
    ear!.events.onWanted(run.id, false)
    assert.equal(answer.isWanted(), false)
    it.clock.advance(500)
    answer.isWanted()
    await it.looked()
    assert.equal(ear!.asked.length, 2)
    ear!.events.onWanted(run.id, true)
    answer.tell(piece(9, 'gone'))
    assert.deepEqual(ear!.told, ['The ', 'gone'])
    answer.end()
    await it.ears.close()
  })

  test('keeps for nobody what was said for longer than anybody needs to say that they want it, nor very much', async () => {
    for (const passes of [
      (it: Elsewhere) => it.clock.advance(5_001),
      (_: Elsewhere, tell: (text: string) => void) => tell('x'.repeat(64_001)),
    ]) {
      const it = elsewhere({ node: 'a:1' })
      const answer = it.ears.begin(run)
      answer.isWanted()
      await it.looked()
      answer.tell(piece(0, 'early'))
      passes(it, text => answer.tell(piece(5, text)))
      assert.equal(answer.isWanted(), false)
      it.opened[0]!.events.onWanted(run.id, true)
      assert.deepEqual(it.opened[0]!.told, [])
      answer.end()
      await it.ears.close()
    }
  })

  test('finds a node again that was lost, and leaves one alone on which nobody listens any more', async () => {
    const nodes: Record<string, string> = { one: 'a:1', two: 'a:2' }
    const it = elsewhere(nodes)
    const answer = it.ears.begin(run)
    answer.isWanted()
    await it.looked()
    assert.deepEqual(it.opened.map(each => each.address), ['a:1', 'a:2']) // prettier-ignore
    for (const ear of it.opened) ear.events.onWanted(run.id, true)
    it.opened[0]!.events.onClosed()
    delete nodes['two']
    answer.tell(piece(0, 'The '))
    assert.deepEqual(it.opened.map(({ told }) => told), [[], ['The ']]) // prettier-ignore
    it.clock.advance(500)
    answer.isWanted()
    await it.looked()
    assert.deepEqual(it.opened.map(each => [each.address, each.isClosed]), [['a:1', false], ['a:2', true], ['a:1', false]]) // prettier-ignore
    assert.deepEqual(it.opened[2]!.asked, [run.id])
    answer.end()
    await it.ears.close()
  })

  test('is told to those who are known while the store is away', async () => {
    const it = elsewhere({ node: 'a:1' })
    const answer = it.ears.begin(run)
    answer.isWanted()
    await it.looked()
    it.opened[0]!.events.onWanted(run.id, true)
    it.store.isAway = true
    it.clock.advance(500)
    answer.isWanted()
    await it.looked()
    answer.tell(piece(0, 'The '))
    assert.deepEqual([it.opened[0]!.asked.length, it.opened[0]!.told, it.bugs], [2, ['The '], []])
    answer.end()
    await it.ears.close()
  })

  test('leaves nothing open for long after its last answer', async t => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const it = elsewhere({ node: 'a:1' })
    const answers = [it.ears.begin(run), it.ears.begin(run)]
    for (const answer of answers) answer.isWanted()
    await it.looked()
    answers[0]!.end()
    t.mock.timers.tick(60_000)
    assert.equal(it.opened[0]!.isClosed, false)
    answers[1]!.end()
    t.mock.timers.tick(20_000)
    it.ears.begin(run).end()
    t.mock.timers.tick(20_000)
    assert.equal(it.opened[0]!.isClosed, false)
    t.mock.timers.tick(10_000)
    assert.equal(it.opened[0]!.isClosed, true)
    await it.ears.close()
  })
})

describe('where nobody listens on another node', () => {
  test('nothing is opened and nothing kept, and the store is asked seldom, and not at all before anybody may hear', async t => {
    const timeouts = t.mock.method(globalThis, 'setTimeout')
    const it = elsewhere({})
    const answers = Array.from({ length: 50 }, () => it.ears.begin(run))
    assert.equal(it.store.looks, 0)
    for (const answer of answers) answer.isWanted()
    await it.looked()
    for (let count = 0; count < 100; count++)
      for (const answer of answers) {
        assert.equal(answer.isWanted(), false)
        answer.tell(piece(0, 'said to nobody'))
      }
    assert.equal(it.store.looks, 1)
    it.clock.advance(500)
    for (const answer of answers) answer.isWanted()
    await it.looked()
    assert.equal(it.store.looks, 2)
    for (const answer of answers) answer.end()
    assert.deepEqual([it.opened, timeouts.mock.callCount()], [[], 0])
    await it.ears.close()
  })
})

const run = aRun({ tenant: 'acme' })

function piece(from: number, text: string): Piece {
  return { run: run.id, step: 'm1.1.1', hold: 1, is: 'text', from, text }
}

interface Opened {
  readonly address: string
  readonly events: EarEvents
  readonly asked: string[]
  readonly told: string[]
  isClosed: boolean
}

type Elsewhere = ReturnType<typeof elsewhere>

/** Those who listen on other nodes, by their addresses, and what was done to them. */
function elsewhere(nodes: Readonly<Record<string, string>>) {
  const clock = manualClock()
  const opened: Opened[] = []
  const bugs: unknown[] = []
  const store = { looks: 0, isAway: false }
  const ears = new FarEars({
    async listening() {
      store.looks++
      if (store.isAway) throw fault('STORE_UNAVAILABLE')
      return new Map(Object.entries(nodes))
    },
    async open(address, events) {
      const ear: Opened = { address, events, asked: [], told: [], isClosed: false }
      opened.push(ear)
      return {
        ask: ({ id }) => void ear.asked.push(id),
        tell: (_run, { text }) => void ear.told.push(text),
        close() {
          ear.isClosed = true
          events.onClosed()
        },
      }
    },
    clock,
    onBug: error => bugs.push(error),
  })
  /** Resolves once whatever was looked for is found. */
  const looked = () => new Promise(resolve => setImmediate(resolve))
  return { ears, clock, opened, bugs, store, looked }
}
