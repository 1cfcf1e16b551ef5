import type { Call } from '../call.ts'
import type { Guard } from '../guard.ts'
import type { PolicyEngine, PolicyInput } from '../policy-engine.ts'
import { deny } from '../verdict.ts'

/** Asks every engine; each must allow. No engine, no answer and an error all mean deny. */
export function policyGuard(engines: readonly PolicyEngine[]): Guard {
  return {
    name: 'policy',
    code: 'denied_policy',
    async check(call, signal) {
      if (engines.length === 0) return deny('denied_policy', 'no policy engine is configured')
      const input = policyInput(call)
      const decisions = await Promise.all(engines.map(engine => engine.decide(input, signal)))
      const facts = {
        policy: decisions.map(({ allow, reasons, policyDigest }) => ({ allow, digest: policyDigest, reasons })),
      }
      if (decisions.every(decision => decision.allow)) return { is: 'allow', facts }
      const reasons = decisions.filter(decision => !decision.allow).flatMap(decision => decision.reasons)
      return { ...deny('denied_policy', ...(reasons.length > 0 ? reasons : ['no policy permits it'])), facts }
    },
  }
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
