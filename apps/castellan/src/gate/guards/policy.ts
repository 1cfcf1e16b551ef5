import type { Guard } from '../guard.ts'
import type { Decision, PolicyEngine } from '../policy-engine.ts'
import { askedWith, policyInput } from '../policy-input.ts'
import { recordedDecision, rulingOf } from '../ruling.ts'
import { deny, type Verdict } from '../verdict.ts'

/** Asks every engine; each must allow. No engine, no answer and an error all mean deny. */
export function policyGuard(engines: readonly PolicyEngine[]): Guard {
  return {
    name: 'policy',
    code: 'denied_policy',
    async check(call, { io, facts: before }) {
      if (engines.length === 0) return deny('denied_policy', 'no policy engine is configured')
      const input = policyInput(call, before)
      const decisions = await Promise.all(engines.map(engine => engine.decide(input, io.signal)))
      const facts = {
        policy: decisions.map((decision, index) => recordedDecision(engines[index]!.name, decision)),
        policy_input: askedWith(input),
      }
      return { ...verdictOf(decisions), facts }
    },
  }
}

function verdictOf(decisions: readonly Decision[]): Verdict {
  const ruling = rulingOf(decisions)
  const mustRedact = decisions.some(each => each.obligations?.redact)
  switch (ruling) {
    case 'allow':
      return { is: 'allow', mustRedact }
    case 'dry_run':
      return { is: 'dryRun' }
    case 'needs_approval': {
      const asking = decisions.filter(each => each.obligations?.requireApproval)
      const reasons = asking.flatMap(each => each.obligations?.approvalReasons ?? each.reasons)
      return { is: 'needsApproval', reasons, mustRedact }
    }
    case 'deny': {
      const reasons = decisions.filter(each => !each.allow).flatMap(each => each.reasons)
      return deny('denied_policy', ...(reasons.length > 0 ? reasons : ['no policy permits it']))
    }
    default:
      throw ruling satisfies never
  }
}
