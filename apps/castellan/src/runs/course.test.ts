import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ajvValidator } from '../adapters/schema-ajv/index.ts'
import type { JsonObject, JsonValue } from '../kernel/index.ts'
import { agentDecider } from './agent/agent-decider.ts'
import { Course, taleOf } from './course.ts'
import { anAgent, asJson } from './fixtures/open-engine.ts'
import type { Told } from './run.ts'
import type { StepEnd } from './step.ts'

type Line = readonly [type: string, at: number, data?: JsonObject, payload?: JsonValue]

const args = { id: 'a' }
const calls = [{ id: 'c', tool: 'clock__now', args }]
/** An agent has called a tool of which nobody saw the end, at 1000. */
const inDoubt: readonly Line[] = [
  ['run.queued', 0, {}, { definition: asJson(anAgent()), input: { message: 'Go', context: null } }],
  ['run.started', 0],
  ['model.requested', 0, { step: 'm1.1.1', model: 'test/one', timeout_ms: 1 }],
  ['model.ended', 0, { step: 'm1.1.1', attempt: 1, outcome: 'ok' }, { text: '', calls, finish: 'calls' }],
  ['tool.requested', 0, { step: 't1.1', tool: 'ledger__act', timeout_ms: 5 }, args],
]
const lost = (verify?: JsonObject): Line => [
  'tool.ended',
  1_000,
  { step: 't1.1', attempt: 1, outcome: 'indeterminate', call: 'C', ...(verify === undefined ? {} : { verify }) },
  { message: 'Gone.' },
]
const verified = [...inDoubt, lost({ tool: 'ledger__look', after_ms: 500 })]
const probed = (at: number, again: boolean): Line => ['tool.probed', at, { step: 't1.1', attempt: 1, again }]

function after(lines: readonly Line[]): Course {
  const course = new Course(agentDecider(ajvValidator()))
  lines.forEach(([type, at, data = {}, payload], seq) => course.hear({ seq, type, at, data, payload } satisfies Told))
  return course
}

describe('a run in the queue', () => {
  const queued = (data: JsonObject): Line => ['run.queued', 5_000, data, inDoubt[0]![3]]

  test('is begun at once, also by a clock that is behind that of whoever queued it', () => {
    const { tales, until } = after([queued({})]).plan(1_000)
    assert.deepEqual([tales.map(({ type }) => type), until], [['run.started'], null])
  })

  test('is begun no earlier than it is to be', () => {
    const course = after([queued({ not_before: new Date(9_000).toISOString() })])
    assert.deepEqual([course.plan(8_999).tales, course.plan(8_999).until], [[], 9_000])
    assert.deepEqual(
      course.plan(9_000).tales.map(({ type }) => type),
      ['run.started'],
    )
  })
})

describe('a call in doubt', () => {
  test('is for a person when nobody said how it is verified', () => {
    const course = after([...inDoubt, lost()])
    assert.deepEqual([course.state, course.work(9_999), course.plan(9_999).until], ['parked', [], null])
  })

  test('is asked for once the server has had the time it was given', () => {
    const course = after(verified)
    assert.deepEqual([course.state, course.work(1_499), course.plan(1_499).until], ['running', [], 1_500])
    const work = { is: 'probe', step: 't1.1', tool: 'ledger__act', args, call: 'C', timeout: 5, attempt: 1, times: 0 }
    assert.deepEqual([course.work(1_500), course.plan(1_500).until], [[work], null])
  })

  test('is asked for three times, with pauses, and then it is for a person', () => {
    const once = [...verified, probed(2_000, true)]
    assert.deepEqual([after(once).work(2_999), after(once).plan(2_500).until], [[], 3_000])
    assert.equal(after(once).work(3_000).length, 1)
    const twice = [...once, probed(3_000, true)]
    assert.equal(after(twice).plan(3_500).until, 7_000)
    const thrice = after([...twice, probed(7_000, true)])
    assert.deepEqual([thrice.state, thrice.work(99_999), thrice.plan(99_999).until], ['parked', [], null])
  })

  test('is for a person at once when asking again is of no use', () => {
    const course = after([...verified, probed(2_000, false)])
    assert.deepEqual([course.state, course.work(99_999)], ['parked', []])
  })

  test('goes on with what the probe says it came to', () => {
    const result = { content: [{ type: 'text', text: 'done' }] }
    const settled = settledBy({ happened: true, result })
    assert.deepEqual(settled, {
      type: 'tool.settled',
      data: { step: 't1.1', as: 'happened', by: 'probe', call: 'P' },
      payload: { result },
    })
    const course = after([...verified, ['tool.settled', 2_000, settled.data, settled.payload]])
    assert.deepEqual(
      course.plan(2_000).tales.map(({ type, data }) => [type, data['step']]),
      [['model.requested', 'm2.1.1']],
    )
  })

  test('is made again when the probe says that it did not happen', () => {
    const settled = settledBy({ happened: false, result: null })
    assert.deepEqual(settled, { type: 'tool.settled', data: { step: 't1.1', as: 'retry', by: 'probe', call: 'P' } })
    const course = after([...verified, ['tool.settled', 2_000, settled.data]])
    assert.deepEqual(
      course.work(2_000).map(work => [work.is, 'attempt' in work && work.attempt]),
      [['tool', 2]],
    )
    // What an earlier probe says late is of no account.
    course.hear({
      seq: 99,
      type: 'tool.probed',
      at: 2_100,
      data: { step: 't1.1', attempt: 1, again: false },
      payload: undefined,
    })
    assert.equal(course.work(2_100).length, 1)
  })

  test('is settled once, whoever says it', () => {
    const first: Line = ['tool.settled', 2_000, { step: 't1.1', as: 'retry', by: 'ann' }]
    const second: Line = ['tool.settled', 2_001, { step: 't1.1', as: 'retry', by: 'probe' }]
    const [work] = after([...verified, first, second]).work(2_001)
    assert.equal(work && 'attempt' in work && work.attempt, 2)
  })

  test('is not asked for while the run is paused, or once it is cancelled', () => {
    assert.deepEqual(after([...verified, ['run.paused', 1_600]]).work(9_999), [])
    assert.deepEqual(after([...verified, ['run.cancel_requested', 1_600, { by: 'ann' }]]).work(9_999), [])
  })
})

function settledBy(said: Pick<Extract<StepEnd, { is: 'probed' }>, 'happened' | 'result'>) {
  const step = after(verified).step('t1.1')!
  return taleOf(step, { is: 'probed', again: false, data: { call: 'P' }, ...said })
}
