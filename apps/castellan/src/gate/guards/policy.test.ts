import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { aServer } from '../../registry/fixtures/server.ts'
import { aCall, aPassage } from '../fixtures/call.ts'
import type { Decision, Obligations, PolicyEngine } from '../policy-engine.ts'
import { policyGuard } from './policy.ts'

const nothing: Obligations = { requireApproval: false, redact: false, dryRun: false }
const yes: Decision = { allow: true, reasons: ['yes'], policyDigest: 'a' }
const no: Decision = { allow: false, reasons: ['no'], policyDigest: 'b' }

describe('the guard of policy', () => {
  test('allows only what every engine allows', async () => {
    assert.equal((await judged(yes)).is, 'allow')
    assert.equal((await judged(yes, yes)).is, 'allow')
    for (const decisions of [[no], [yes, no], [no, yes], [no, no], []]) {
      assert.equal((await judged(...decisions)).is, 'deny', JSON.stringify(decisions))
    }
  })

  test('gives the reasons of those who refuse, and keeps what each said', async () => {
    const verdict = await judged(yes, { ...no, decisionId: 'd1', revision: 'r1' })
    assert.deepEqual(verdict, {
      is: 'deny',
      code: 'denied_policy',
      reasons: ['no'],
      facts: {
        policy: [
          { engine: 'engine 0', allow: true, reasons: ['yes'], digest: 'a' },
          { engine: 'engine 1', allow: false, reasons: ['no'], digest: 'b', revision: 'r1', decision_id: 'd1' },
        ],
        policy_input: { dry_run: false, kind: 'user', name: 'ann', roles: ['member'], trusted: false },
      },
    })
  })

  test('meets the demand for a dry run, whoever makes it', async () => {
    const verdict = await judged(yes, { ...yes, obligations: { ...nothing, dryRun: true } })
    assert.equal(verdict.is, 'dryRun')
    assert.deepEqual(
      'facts' in verdict && (verdict.facts!['policy'] as { obligations?: unknown }[]).map(each => each.obligations),
      [undefined, ['dry_run']],
    )
  })

  test('has what comes back redacted when any engine demands it, with an approval as without', async () => {
    const redacting: Decision = { ...yes, obligations: { ...nothing, redact: true } }
    const asking: Decision = { ...yes, obligations: { ...nothing, requireApproval: true } }
    for (const [decisions, is, mustRedact] of [
      [[yes, yes], 'allow', false],
      [[redacting, yes], 'allow', true],
      [[yes, redacting, asking], 'needsApproval', true],
      [[asking, yes], 'needsApproval', false],
    ] as const) {
      const verdict = await judged(...decisions)
      assert.deepEqual([verdict.is, 'mustRedact' in verdict && verdict.mustRedact], [is, mustRedact])
    }
    assert.equal((await judged(redacting, no)).is, 'deny')
  })

  test('asks for approval when any engine does, with the reasons of those who do', async () => {
    const asking: Decision = { ...yes, reasons: ['large sums'], obligations: { ...nothing, requireApproval: true } }
    const verdict = await judged(yes, asking)
    assert.equal(verdict.is, 'needsApproval')
    assert.deepEqual('reasons' in verdict && verdict.reasons, ['large sums'])
    const inWords = { ...asking, obligations: { ...asking.obligations!, approvalReasons: ['more than 500'] } }
    const told = await judged(inWords)
    assert.deepEqual('reasons' in told && told.reasons, ['more than 500'])
    const dry = await judged(asking, { ...yes, obligations: { ...nothing, dryRun: true } })
    assert.equal(dry.is, 'dryRun', 'what is not run needs nobody')
  })

  test('has nothing to meet for what is denied', async () => {
    const verdict = await judged({ ...no, obligations: { ...nothing, dryRun: true } })
    assert.equal(verdict.is, 'deny')
  })
})

async function judged(...decisions: readonly Decision[]) {
  const engines = decisions.map((decision, index): PolicyEngine => ({
    name: `engine ${index}`,
    failOpen: false,
    decide: async () => decision,
    trouble: async () => null,
    close: async () => undefined,
  }))
  return policyGuard(engines).check(aCall({ server: aServer() }), aPassage())
}
