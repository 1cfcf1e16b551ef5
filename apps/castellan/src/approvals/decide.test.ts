import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isoTime } from '../kernel/index.ts'
import type { Approval } from './approval.ts'
import { type Command, decide } from './decide.ts'
import { anApproval, someone } from './fixtures/approval.ts'

const start = new Date('2026-01-01T00:00:00.000Z')
const later = (minutes: number) => new Date(start.getTime() + minutes * 60_000)
const asked = (terms: Partial<Approval['terms']> = {}, given: Partial<Approval> = {}) => {
  const approval = anApproval(given, start)
  return { ...approval, terms: { ...approval.terms, ...terms } }
}
const says = (is: 'approve' | 'reject', who: ReturnType<typeof someone>): Command => ({
  is,
  by: { is: 'principal', identity: who, through: 'rest' },
  reason: null,
})
const callback: Command = { is: 'approve', by: { is: 'callback' }, reason: null }

describe('a question', () => {
  test('is approved by one who may decide, and then has its time to be used', () => {
    const { approval, type, principal, data } = decide(asked(), says('approve', someone('olga')), later(5))
    assert.deepEqual([approval.state, approval.version, type, principal], ['approved', 2, 'approval.approved', 'olga'])
    assert.equal(approval.expiresAt, isoTime(later(65)))
    assert.equal(data['missing'], 0)
  })

  test('needs as many different people as its terms say', () => {
    const one = decide(asked({ quorum: 2 }), says('approve', someone('olga')), start).approval
    assert.equal(one.state, 'pending')
    assert.throws(() => decide(one, says('approve', someone('olga')), start), { code: 'APPROVAL_REPEATED' })
    assert.throws(() => decide(one, says('reject', someone('olga')), start), { code: 'APPROVAL_REPEATED' })
    assert.equal(decide(one, says('approve', someone('otto')), start).approval.state, 'approved')
  })

  test('ends with one refusal, however many agreed', () => {
    const one = decide(asked({ quorum: 2 }), says('approve', someone('olga')), start).approval
    const { approval, type } = decide(one, says('reject', someone('otto')), start)
    assert.deepEqual([approval.state, type], ['rejected', 'approval.rejected'])
    for (const command of [says('approve', someone('oona')), callback, cancel(someone('oona'))]) {
      assert.throws(() => decide(approval, command, start), { code: 'APPROVAL_CLOSED' })
    }
  })

  test('is for those with a role of its terms', () => {
    for (const is of ['approve', 'reject'] as const) {
      const strangers = [someone('m', ['member']), someone('a', ['auditor']), someone('n', [])]
      for (const stranger of strangers) {
        assert.throws(() => decide(asked(), says(is, stranger), start), {
          code: 'FORBIDDEN',
          message: /admin or operator/,
        })
      }
    }
    assert.equal(decide(asked({ approvers: ['auditor'] }), says('approve', someone('a', ['auditor'])), start).approval.state, 'approved') // prettier-ignore
  })

  test('cannot be decided to the millisecond its time is up', () => {
    decide(asked(), says('approve', someone('olga')), new Date(later(60).getTime() - 1))
    for (const command of [says('approve', someone('olga')), says('reject', someone('olga')), callback]) {
      assert.throws(() => decide(asked(), command, later(60)), { code: 'APPROVAL_CLOSED', message: /expired/ })
    }
  })

  test('is answered by a callback once, and that is one of those who must agree', () => {
    const one = decide(asked({ quorum: 2 }), callback, start).approval
    assert.equal(one.state, 'pending')
    assert.throws(() => decide(one, callback, start), { code: 'APPROVAL_REPEATED' })
    assert.equal(decide(one, says('approve', someone('olga')), start).approval.state, 'approved')
  })

  test('is taken back by whoever asked, or by who may decide, until it is used', () => {
    const given = decide(asked(), says('approve', someone('olga')), start).approval
    for (const who of [someone('agent-1', ['member']), someone('otto')]) {
      for (const each of [asked(), given]) assert.equal(decide(each, cancel(who), start).approval.state, 'cancelled')
    }
    assert.throws(() => decide(asked(), cancel(someone('m', ['member'])), start), { code: 'FORBIDDEN' })
    const used = decide(given, use('call-1'), start).approval
    assert.throws(() => decide(used, cancel(someone('otto')), start), { code: 'APPROVAL_CLOSED' })
  })
})

describe('four eyes', () => {
  const own = someone('agent-1')
  const rows = [
    ['always', 'user', false],
    ['always', 'agent', false],
    ['machines', 'user', true],
    ['machines', 'agent', false],
    ['machines', 'service', false],
    ['machines', 'site', false],
    ['never', 'agent', true],
  ] as const
  for (const [fourEyes, kind, may] of rows) {
    test(`${fourEyes}: a ${kind} ${may ? 'may' : 'may not'} agree to what it asked for`, () => {
      const approval = asked({ fourEyes })
      const its = { ...approval, asked: { ...approval.asked, by: { id: 'agent-1', kind, name: 'x' } } }
      const agree = () => decide(its, says('approve', own), start).approval.state
      if (may) assert.equal(agree(), 'approved')
      else assert.throws(agree, { code: 'APPROVAL_OWN' })
      assert.equal(decide(its, says('reject', own), start).approval.state, 'rejected')
      assert.equal(decide(its, says('approve', someone('other')), start).approval.state, 'approved')
    })
  }
})

describe('an approval', () => {
  const given = () => decide(asked(), says('approve', someone('olga')), start).approval

  test('is used once', () => {
    const { approval, type, principal, data } = decide(given(), use('call-1'), later(1))
    assert.deepEqual([approval.state, approval.usedBy, type, principal], ['used', 'call-1', 'approval.used', 'agent-1'])
    assert.equal(data['call'], 'call-1')
    assert.throws(() => decide(approval, use('call-2'), later(1)), { code: 'APPROVAL_SPENT' })
  })

  test('is used within its time, and not before it was given', () => {
    decide(given(), use('call-1'), new Date(later(60).getTime() - 1))
    assert.throws(() => decide(given(), use('call-1'), later(60)), { code: 'APPROVAL_SPENT' })
    for (const state of ['pending', 'rejected', 'expired', 'cancelled'] as const) {
      assert.throws(() => decide(asked({}, { state }), use('call-1'), start), { code: 'APPROVAL_SPENT' })
    }
  })
})

function cancel(by: ReturnType<typeof someone>): Command {
  return { is: 'cancel', by, reason: null }
}

function use(callId: string): Command {
  return { is: 'use', callId, principal: 'agent-1' }
}
