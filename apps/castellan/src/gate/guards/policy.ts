import type { JsonObject } from '../../kernel/index.ts'
import type { Call } from '../call.ts'
import type { Guard } from '../guard.ts'
import type { Decision, Obligations, PolicyEngine, PolicyInput } from '../policy-engine.ts'
import { deny, type Verdict } from '../verdict.ts'

/** Asks every engine; each must allow. No engine, no answer and an error all mean deny. */
export function policyGuard(engines: readonly PolicyEngine[]): Guard {
  return {
    name: 'policy',
    code: 'denied_policy',
    async check(call, signal) {
      if (engines.length === 0) return deny('denied_policy', 'no policy engine is configured')
      const input = policyInput(call)
      const decisions = await Promise.all(engines.map(engine => engine.decide(input, signal)))
      const facts = { policy: decisions.map((decision, index) => recorded(engines[index]!.name, decision)) }
      if (decisions.every(decision => decision.allow)) return { ...meet(decisions), facts }
      const reasons = decisions.filter(decision => !decision.allow).flatMap(decision => decision.reasons)
      return { ...deny('denied_policy', ...(reasons.length > 0 ? reasons : ['no policy permits it'])), facts }
    },
  }
}

/** What becomes of a call that everyone allows, with all that any of them demands. */
function meet(decisions: readonly Decision[]): Verdict {
  const demanded = (what: 'requireApproval' | 'redact' | 'dryRun') => decisions.some(each => each.obligations?.[what])
  const unmet = [
    ...(demanded('requireApproval') ? ['approval is required, and there is no way yet to give it'] : []),
    ...(demanded('redact') ? ['its result would have to be redacted, which is not possible yet'] : []),
  ]
  if (unmet.length > 0) return deny('denied_policy', ...unmet)
  return demanded('dryRun') ? { is: 'dryRun' } : { is: 'allow' }
}

/** Its keys are in order, as in all data of calls. */
function recorded(engine: string, decision: Decision): JsonObject {
  const { allow, reasons, policyDigest, obligations, decisionId, revision } = decision
  return {
    allow,
    ...(decisionId === undefined ? {} : { decision_id: decisionId }),
    digest: policyDigest,
    engine,
    ...(obligations === undefined ? {} : { obligations: demands(obligations) }),
    reasons,
    ...(revision === undefined ? {} : { revision }),
  }
}

function demands({ requireApproval, redact, dryRun }: Obligations): string[] {
  return [
    ...(requireApproval ? ['require_approval'] : []),
    ...(redact ? ['redact'] : []),
    ...(dryRun ? ['dry_run'] : []),
  ]
}

function policyInput(call: Call): PolicyInput {
  const { principal, tenant, roles } = call.identity
  return {
    tenant,
    principal: { id: principal.id, kind: principal.kind, name: principal.name, roles },
    method: call.method,
    capability: {
      server: call.server.name,
      name: call.capability.name,
      effect: call.effect,
      openWorld: call.openWorld,
      trusted: call.server.trusted,
    },
    args: call.args,
    via: call.context.via,
    dryRun: call.context.dryRun,
  }
}
