import type { Manifest } from '@castellan/contracts'
import type { Actor } from '../../../identity/index.ts'
import type { Core } from '../../core.ts'
import { People } from './people.ts'
import { planGrants, planGroups, planPrincipals } from './plan-access.ts'
import { planApprovalRules } from './plan-approval-rules.ts'
import { planBudgets, planPrices } from './plan-budgets.ts'
import { planGuardrails, planLimits, planPolicies } from './plan-rules.ts'
import { planServers } from './plan-servers.ts'
import type { PlanOptions, Step } from './step.ts'

/**
 * What would have to be done for the manifest to be true, in the order it must be done: those who are referred to first.
 * Throws `REQUEST_INVALID` for names declared twice or referred to and nowhere to be found, and `POLICY_INVALID`.
 */
export async function plan(
  core: Pick<Core, 'registry' | 'rules' | 'approvals' | 'budgets' | 'directory'>,
  manifest: Manifest,
  actor: Actor,
  options: PlanOptions,
): Promise<readonly Step[]> {
  const people = await People.of(core, manifest, actor)
  return [
    ...(await planServers(core, manifest.servers, actor, options)),
    ...planPrincipals(core, manifest.principals, actor, people),
    ...planGroups(core, manifest.groups, actor, options),
    ...planGrants(core, manifest.grants, actor, people, options),
    ...planLimits(core, manifest.limits, actor, people, options),
    ...planPrices(core, manifest.prices, actor, options),
    ...planBudgets(core, manifest.budgets, actor, people, options),
    ...planApprovalRules(core, manifest.approval_rules, actor, options),
    ...planPolicies(core, manifest.policies, actor, options),
    ...planGuardrails(core, manifest.guardrails, actor),
  ]
}
