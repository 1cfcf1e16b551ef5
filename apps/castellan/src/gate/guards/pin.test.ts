import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { aServer } from '../../registry/fixtures/server.ts'
import { aCall, aPassage } from '../fixtures/call.ts'
import { path } from '../path.ts'
import { pinGuard } from './pin.ts'

describe('the guard of pins', () => {
  const call = aCall({ server: aServer() })

  test('lets pass what is not withheld, and says why it does not', () => {
    assert.deepEqual(pinGuard({ withheld: () => null }).check(call, aPassage()), { is: 'allow' })
    assert.deepEqual(pinGuard({ withheld: () => 'it waits' }).check(call, aPassage()), {
      is: 'deny',
      code: 'denied_pin',
      reasons: ['it waits'],
    })
  })

  test('is asked about the very server and capability of the call', () => {
    const asked: unknown[] = []
    void pinGuard({ withheld: (...about) => (asked.push(...about), null) }).check(call, aPassage())
    assert.deepEqual(asked, [call.server, call.capability])
  })

  test('stands first: nothing else is asked about what was not reviewed', () => {
    const unasked = null as never
    const [first] = path({
      pins: { withheld: () => null },
      rules: unasked,
      sessions: unasked,
      labels: unasked,
      guardrails: unasked,
      budgets: unasked,
      engines: [],
      calls: unasked,
      clock: unasked,
    })
    assert.equal(first?.name, 'pin')
  })
})
