import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, test } from 'node:test'
import { fc } from '../../../../../tests/support/properties.ts'
import { RequestStates } from './request-state.ts'

function states(key: Uint8Array = randomBytes(32)) {
  let now = Date.UTC(2026, 0, 1)
  const written = new RequestStates(key, () => new Date(now))
  return { states: written, pass: (milliseconds: number) => void (now += milliseconds) }
}

describe('a state that a client carries', () => {
  test('comes back as it was given, with the same request of the same principal', () => {
    const { states: own } = states()
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (state, binding) => {
        const text = state.toWellFormed()
        const token = own.write({ is: 'server', state: text }, binding, 1_000)
        assert.deepEqual(own.read(token, binding), { is: 'server', state: text })
      }),
    )
    for (const at of [null, 'node-a.internal:7410']) {
      const parked = { is: 'parked', id: 'x', at } as const
      assert.deepEqual(own.read(own.write(parked, 'b', 1_000), 'b'), parked)
    }
  })

  test('says nothing to who carries it', () => {
    const token = states().states.write({ is: 'parked', id: 'x', at: 'node-a.internal:7410' }, 'b', 1_000)
    assert.doesNotMatch(Buffer.from(token, 'base64url').toString('latin1'), /internal|7410/)
  })

  test('is worth nothing with another request, under another key, or too late', () => {
    const { states: own, pass } = states()
    const token = own.write({ is: 'server', state: 's' }, 'ann asks', 1_000)
    assert.equal(own.read(token, 'bob asks'), null)
    assert.equal(states().states.read(token, 'ann asks'), null)
    pass(1_001)
    assert.equal(own.read(token, 'ann asks'), null)
  })

  test('is worth nothing when a single character of it was changed', () => {
    const { states: own } = states()
    const token = own.write({ is: 'parked', id: 'x', at: null }, 'b', 1_000)
    fc.assert(
      fc.property(fc.nat(token.length - 1), fc.constantFrom('A', 'z', '0', '.', '-'), (at, character) => {
        const changed = token.slice(0, at) + character + token.slice(at + 1)
        // The last character of base64 may have bits that say nothing.
        if (changed !== token && at < token.length - 1) assert.equal(own.read(changed, 'b'), null)
      }),
    )
    for (const nonsense of ['', '.', 'a.b', `${token}.x`, `${token}-TAMPERED`])
      assert.equal(own.read(nonsense, 'b'), null)
  })
})
