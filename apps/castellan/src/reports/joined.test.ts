import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { fc } from '../../../../tests/support/properties.ts'
import type { SequencedEntry } from '../journal/index.ts'
import { Joined } from './joined.ts'

function entry(offset: number, type: string, about: Partial<SequencedEntry>): SequencedEntry {
  return { offset, id: `e${offset}`, tenant: 't', stream: 's', seq: 0, type, at: '', principal: 'p', correlationId: 'c', causationId: null, data: {}, leafHash: '', ...about } // prettier-ignore
}

describe('the lines of steps and calls', () => {
  test('are joined in whatever order they come, each once', () => {
    // Each number is a step: 0 says something, 1 makes a call, 2 is a call alone, 3 a call whose end never came, 4 a call whose step never came.
    const plans = fc.array(fc.tuple(fc.integer({ min: 0, max: 4 }), fc.array(fc.double({ min: 0, max: 3, noNaN: true }), { minLength: 3, maxLength: 3 })), { maxLength: 30 }) // prettier-ignore
    fc.assert(
      fc.property(plans, all => {
        const lines = all.flatMap(([kind, [a, b, c]], index) => {
          const call = { stream: `call:${index}`, causationId: kind === 1 || kind === 4 ? `s${index}` : null }
          const step = { stream: 'session:x', data: { step_id: `s${index}`, call_id: kind === 1 ? `${index}` : null } }
          const [begun, ended] = [index + Math.min(a!, b!), index + Math.max(a!, b!)]
          return [
            ...(kind === 0 || kind === 1 ? [{ at: index + c!, type: 'session.step', about: step }] : []),
            ...(kind === 0 ? [] : [{ at: begun, type: 'call.intended', about: call }]),
            ...(kind === 0 || kind === 3 ? [] : [{ at: ended, type: 'call.ended', about: { ...call, seq: 1 } }]),
          ]
        })
        const order = lines.toSorted((one, other) => one.at - other.at)
        const joined = new Joined()
        const told = order.flatMap(({ type, about }, index) => joined.take(entry(index + 1, type, about)))
        told.push(...joined.rest())
        assert.equal(told.length, all.length)
        assert.deepEqual(told.flat().map(({ offset }) => offset).toSorted((a, b) => a - b), order.map((_, index) => index + 1)) // prettier-ignore
        assert.equal(told.filter(each => each.length === 3).length, all.filter(([kind]) => kind === 1).length)
      }),
    )
  })

  test('of steps that wait in vain are let go, so that what is held stays bounded', () => {
    const joined = new Joined()
    let told = 0
    for (let offset = 1; offset <= 10_000; offset++)
      told += joined.take(entry(offset, 'session.step', { data: { step_id: `s${offset}`, call_id: 'gone' } })).length
    assert.equal(told, 8_000)
    assert.equal(joined.rest().length, 2_000)
  })
})
