import type { Metric } from '../guardrails/index.ts'
import { isJsonObject, type JsonObject } from '../kernel/index.ts'
import type { PrincipalKind, Role } from '../identity/index.ts'
import type { EffectClass } from '../registry/index.ts'
import type { Call, CallMethod } from './call.ts'
import type { PolicyInput } from './policy-engine.ts'

/** What policy is asked about a call of which the guards before it said these facts. */
export function policyInput(call: Call, facts: JsonObject): PolicyInput {
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
    ...seenIn(facts),
    via: call.context.via,
    dryRun: call.context.dryRun,
  }
}

/**
 * What of a question the journal line of its call does not say without it: all that may be another the next day. Together with
 * the kept arguments it gives the question back, see {@link questionAgain}. Its keys are in order, as in all data of calls.
 */
export function askedWith({ principal, capability, dryRun }: PolicyInput): JsonObject {
  const { kind, name, roles } = principal
  return { dry_run: dryRun, kind, name, roles, trusted: capability.trusted }
}

/**
 * The question policy was asked, from the first journal line of its call and the arguments kept for it; null when the line does
 * not say enough, as those did not that were written before {@link askedWith}.
 */
export function questionAgain(
  call: { readonly tenant: string; readonly principal: string; readonly data: JsonObject },
  args: JsonObject,
): PolicyInput | null {
  const { data } = call
  const asked = data['policy_input'] as
    | {
        readonly dry_run: boolean
        readonly kind: PrincipalKind
        readonly name: string
        readonly roles: readonly Role[]
        readonly trusted: boolean
      }
    | undefined
  if (!asked) return null
  return {
    tenant: call.tenant,
    principal: { id: call.principal, kind: asked.kind, name: asked.name, roles: asked.roles },
    method: data['method'] as CallMethod,
    capability: {
      server: data['server'] as string,
      name: data['capability'] as string,
      effect: data['effect'] as EffectClass,
      openWorld: data['open_world'] as boolean,
      trusted: asked.trusted,
    },
    args,
    ...seenIn(data),
    via: data['via'] as string,
    dryRun: asked.dry_run,
  }
}

/** What the guardrails noted of a call, whether it is on its way or in the journal: nothing where there was nothing to note. */
function seenIn({ guardrail, labels }: JsonObject): Pick<PolicyInput, 'labels' | 'found'> {
  const metrics = isJsonObject(guardrail) ? guardrail['metrics'] : undefined
  return {
    labels: Array.isArray(labels) ? (labels as readonly string[]) : [],
    found: Array.isArray(metrics) ? (metrics as readonly Metric[]) : [],
  }
}
