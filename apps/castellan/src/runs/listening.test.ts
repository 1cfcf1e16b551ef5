import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { fc } from '../../../../tests/support/properties.ts'
import { Masker } from '../registry/index.ts'
import { aRun } from './fixtures/a-run.ts'
import { Listening, type ListeningParts } from './listening.ts'
import type { Piece, Spoken } from './piece.ts'

describe('whoever listens', () => {
  test('hears what a model says put together, at most once in 50 ms, each piece where it belongs', t => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const kind = fc.constantFrom('text' as const, 'reasoning' as const)
    const spoken = fc.record({ is: kind, text: fc.string({ minLength: 1, unit: 'binary' }), after: fc.nat(80) })
    fc.assert(
      fc.property(fc.array(spoken, { maxLength: 60 }), all => {
        const { listening, heard, time } = listened()
        const aloud = listening.begin(answer('m1.1.1'))
        const said = { text: '', reasoning: '' }
        for (const { after, ...delta } of all) {
          for (let left = after; left > 0; left--) time.pass(1)
          aloud.say(delta)
          said[delta.is] += delta.text
        }
        for (let left = 100; left > 0; left--) time.pass(1)
        aloud.end()
        const put = { text: '', reasoning: '' }
        for (const { is, from, text } of heard) {
          assert.equal(from, put[is].length)
          put[is] += text
        }
        assert.deepEqual(put, said)
        for (const [index, { at }] of heard.entries())
          if (index > 0) assert.ok(at - heard[index - 1]!.at >= 50, `${at} comes too soon`)
      }),
    )

    function listened() {
      const heard: (Piece & { at: number })[] = []
      let now = 0
      const time = {
        pass(milliseconds: number) {
          now += milliseconds
          t.mock.timers.tick(milliseconds)
        },
      }
      const listening = open()
      listening.add(listener(piece => heard.push({ ...piece, at: now })))
      return { listening, heard, time }
    }
  })

  test('hears nothing of other tenants and other runs, and nothing once the answer is there or it listens no more', t => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const listening = open()
    const heard: string[] = []
    listening.add({ ...listener(({ text }) => heard.push(`stranger ${text}`)), tenant: 'other' })
    listening.add({ ...listener(({ text }) => heard.push(`busy ${text}`)), wants: () => false })
    const end = listening.add(listener(({ text }) => heard.push(text)))
    const aloud = listening.begin(answer('m1.1.1'))
    aloud.say({ is: 'text', text: 'One' })
    t.mock.timers.tick(50)
    aloud.say({ is: 'text', text: ', two' })
    aloud.end()
    t.mock.timers.tick(50)
    const next = listening.begin(answer('m2.1.1'))
    next.say({ is: 'text', text: 'Three' })
    end()
    t.mock.timers.tick(50)
    assert.deepEqual(heard, ['One'])
  })

  test('hears nothing while answers must be whole first, be it only for a part of one', t => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    let may = true
    const listening = open(() => may)
    const heard: [number, string][] = []
    listening.add(listener(({ from, text }) => heard.push([from, text])))
    const aloud = listening.begin(answer('m1.1.1'))
    const say = (text: string) => {
      aloud.say({ is: 'text', text })
      t.mock.timers.tick(50)
    }
    say('One, ')
    aloud.say({ is: 'text', text: 'two, ' })
    may = false
    t.mock.timers.tick(50)
    say('three, ')
    may = true
    say('four.')
    assert.deepEqual(heard, [
      [0, 'One, '],
      [17, 'four.'],
    ])
  })

  test('harms neither the model nor others when it fails', t => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const bugs: unknown[] = []
    const listening = open(() => true, bugs)
    const heard: string[] = []
    const broken = new Error('deaf')
    listening.add(
      listener(() => {
        throw broken
      }),
    )
    listening.add(listener(({ text }) => heard.push(text)))
    listening.begin(answer('m1.1.1')).say({ is: 'text', text: 'One' })
    t.mock.timers.tick(50)
    assert.deepEqual([heard, bugs], [['One'], [broken]])
  })

  test('hears no secret that is known, however it is cut, and everything else', t => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const masker = new Masker()
    for (const secret of ['hunter2', 'hunter2-and-more', 'Bearer abc"def']) masker.learn(secret)
    const word = fc.constantFrom('hunter2', 'hunter2-and-more', 'abc"def', 'abc', 'hun', 'ter2', '-and', ' ', 'x', '\\')
    fc.assert(
      fc.property(fc.array(word), fc.array(fc.nat(20)), (words, cuts) => {
        const listening = open(() => true, [], { conceal: text => masker.maskBegun(text) })
        const heard: Piece[] = []
        listening.add(listener(piece => heard.push(piece)))
        const aloud = listening.begin(answer('m1.1.1'))
        const said = words.join('')
        // The last is certainly no beginning of a secret.
        const pieces = [...cut(said, cuts), '.']
        for (const text of pieces) {
          aloud.say({ is: 'text', text })
          t.mock.timers.tick(50)
        }
        aloud.end()
        const put = heard.reduce((before, { from, text }) => {
          assert.equal(from, before.length)
          return before + text
        }, '')
        assert.equal(put, masker.mask(`${said}.`))
      }),
    )
  })

  test('hears of no answer any more that another process has begun anew', t => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const listening = open()
    const heard: [number, number, string][] = []
    listening.add(listener(({ hold, from, text }) => heard.push([hold, from, text])))
    const old = listening.begin(answer('m1.1.1', 1))
    old.say({ is: 'text', text: 'The sn' })
    t.mock.timers.tick(50)
    listening.hear(run, { run: run.id, step: 'm1.1.1', hold: 2, is: 'text', from: 0, text: 'Snow' })
    old.say({ is: 'text', text: 'ow' })
    t.mock.timers.tick(50)
    listening.hear(run, { run: run.id, step: 'm1.1.1', hold: 2, is: 'text', from: 4, text: ' has gone' })
    old.end()
    assert.deepEqual(heard, [
      [1, 0, 'The sn'],
      [2, 0, 'Snow'],
      [2, 4, ' has gone'],
    ])
  })

  test('hears of another node only what it wants, of its own tenant, and while it may by what holds here', () => {
    let may = true
    const listening = open(() => may)
    const heard: string[] = []
    listening.add({ ...listener(({ text }) => heard.push(text)), wants: id => id === run.id })
    const tell = (spoken: Spoken, text: string) =>
      listening.hear(spoken, { run: spoken.id, step: 'm1.1.1', hold: 1, is: 'text', from: 0, text })
    const others = { ...run, id: 'another' }
    const strangers = { ...run, tenant: 'other' }
    assert.deepEqual([run, others, strangers].map(each => listening.wants(each)), [true, false, false]) // prettier-ignore
    for (const [spoken, text] of [[run, 'own'], [others, 'of others'], [strangers, 'of strangers']] as const) tell(spoken, text) // prettier-ignore
    may = false
    assert.equal(listening.wants(run), false)
    tell(run, 'kept back')
    may = true
    tell(run, 'again')
    assert.deepEqual(heard, ['own', 'again'])
  })

  test('on another node is asked before the first word and told of each piece, and neither while answers must be whole', t => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    let may = false
    const done: string[] = []
    const ears = {
      begin: () => ({
        isWanted: () => done.push('asked') > 0,
        tell: ({ from, text }: Piece) => void done.push(`${from} ${text}`),
        end: () => void done.push('ended'),
      }),
    }
    const listening = open(() => may, [], { ears })
    const heard: string[] = []
    listening.add(listener(({ text }) => heard.push(text)))
    const speak = (meanwhile = () => {}) => {
      const aloud = listening.begin(answer('m1.1.1'))
      assert.deepEqual(done, may ? ['asked'] : [])
      for (const text of ['The ', 'snow']) {
        aloud.say({ is: 'text', text })
        meanwhile()
        t.mock.timers.tick(50)
      }
      aloud.end()
      return [done.splice(0).filter(each => each !== 'asked'), heard.splice(0)]
    }
    assert.deepEqual(speak(), [['ended'], []])
    may = true
    assert.deepEqual(speak(), [
      ['0 The ', '4 snow', 'ended'],
      ['The ', 'snow'],
    ])
    assert.deepEqual(speak(() => (may = false)), [['ended'], []]) // prettier-ignore
  })

  test('is known of elsewhere from the first to the last', async () => {
    const told: boolean[] = []
    const listening = open(() => true, [], { onListened: async is => void told.push(is) })
    const ends = ['acme', 'other', 'acme'].map(tenant => listening.add({ ...listener(() => undefined), tenant }))
    await listening.announced
    assert.deepEqual(told, [true])
    for (const end of ends) end()
    for (const end of ends) end()
    await listening.announced
    assert.deepEqual(told, [true, false])
  })
})

describe('where nobody listens', () => {
  test('or wants to, or may, nothing is put together and nothing waits', t => {
    const timeouts = t.mock.method(globalThis, 'setTimeout')
    let may = true
    const listening = open(() => may)
    const speak = () => {
      const aloud = listening.begin(answer('m1.1.1'))
      for (const is of ['text', 'reasoning'] as const) aloud.say({ is, text: 'One' })
      aloud.end()
      return timeouts.mock.callCount()
    }
    assert.equal(speak(), 0)
    listening.add({ ...listener(() => undefined), wants: () => false })
    assert.equal(speak(), 0)
    const end = listening.add(listener(() => undefined))
    assert.equal(speak(), 1)
    may = false
    assert.equal(speak(), 1)
    may = true
    end()
    assert.equal(speak(), 1)
  })
})

const run = aRun({ tenant: 'acme' })

function open(mayBeHeard = () => true, bugs: unknown[] = [], more: Partial<ListeningParts> = {}): Listening {
  return new Listening({
    mayBeHeard,
    conceal: told => ({ told, held: '' }),
    ears: null,
    onListened: async () => undefined,
    onBug: error => bugs.push(error),
    ...more,
  })
}

function answer(step: string, hold = 1) {
  return { run, step, hold }
}

function listener(hear: (piece: Piece) => void) {
  return { tenant: 'acme', wants: () => true, hear }
}

function cut(text: string, lengths: readonly number[]): string[] {
  const pieces: string[] = []
  let rest = text
  for (const length of lengths) {
    pieces.push(rest.slice(0, length))
    rest = rest.slice(length)
  }
  return [...pieces, rest]
}
