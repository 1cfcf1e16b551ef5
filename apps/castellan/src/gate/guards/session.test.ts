import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { aServer } from '../../registry/fixtures/server.ts'
import { aCall, aContext, aPassage } from '../fixtures/call.ts'
import type { SessionTerms } from '../session-terms.ts'
import { sessionGuard } from './session.ts'

const open: SessionTerms = {
  principal: 'p1',
  limits: { allow: null, block: [], noNetwork: false, dryRun: false, maxSteps: null },
  guardrails: {},
  take: () => true,
}

describe('the guard of sessions', () => {
  const judged = async (terms: SessionTerms | 'closed' | null, sessionId: string | null = 's1') => {
    const call = aCall({ server: aServer(), context: { ...aContext, sessionId } })
    const verdict = await sessionGuard({ terms: () => terms }).check(call, aPassage())
    return 'reasons' in verdict ? verdict.reasons[0] : verdict.is
  }

  test('has nothing to say of calls without a session, or with one it does not know', async () => {
    assert.equal(await judged('closed', null), 'allow')
    assert.equal(await judged(null), 'allow')
  })

  test('lets pass what was agreed, and says what was not', async () => {
    assert.equal(await judged(open), 'allow')
    const limits = (more: Partial<SessionTerms['limits']>) => ({ ...open, limits: { ...open.limits, ...more } })
    assert.match((await judged(limits({ block: ['*'] })))!, /is blocked/)
    assert.match((await judged(limits({ allow: ['other/*'] })))!, /not on the allow list/)
    assert.match((await judged(limits({ noNetwork: true })))!, /may reach the network/)
    assert.match((await judged({ ...limits({ maxSteps: 3 }), take: () => false }))!, /its 3 steps are used up/)
  })

  test('lets nobody into what is closed, or somebody else’s', async () => {
    assert.match((await judged('closed'))!, /closed/)
    assert.match((await judged({ ...open, principal: 'p2' }))!, /somebody else/)
  })

  test('uses up no step for a call that is refused', async () => {
    let taken = 0
    const terms = { ...open, limits: { ...open.limits, block: ['*'] }, take: () => (taken++, true) }
    await judged(terms)
    assert.equal(taken, 0)
  })
})
