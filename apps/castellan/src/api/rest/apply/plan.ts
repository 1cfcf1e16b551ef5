import type { Manifest } from '@castellan/contracts'
import type { Core } from '../../core.ts'
import type { RestCaller } from '../caller.ts'
import { People } from './people.ts'
import { planGrants, planGroups, planPrincipals } from './plan-access.ts'
import { planAgents } from './plan-agents.ts'
import { planApprovalRules } from './plan-approval-rules.ts'
import { planBudgets, planPrices } from './plan-budgets.ts'
import { planGuardrails, planLimits, planPolicies } from './plan-rules.ts'
import { planServers } from './plan-servers.ts'
import { planSubscriptions } from './plan-subscriptions.ts'
import { planTeams } from './plan-teams.ts'
import { planTriggers } from './plan-triggers.ts'
import { planWorkflows } from './plan-workflows.ts'
import type { PlanOptions } from './planning.ts'
import type { Step } from './step.ts'

/**
 * What would have to be done for the manifest to be true, in the order it must be done: those who are referred to first.
 * Throws `REQUEST_INVALID` for names declared twice or referred to and nowhere to be found, `POLICY_INVALID`, and
 * `WORKFLOW_INVALID`.
 */
export async function plan(
  core: Parts,
  manifest: Manifest,
  { identity, actor }: Pick<RestCaller, 'identity' | 'actor'>,
  options: PlanOptions,
): Promise<readonly Step[]> {
  const planning = { ...options, identity, actor, people: await People.of(core, manifest, actor) }
  const steps = [
    ...(await planServers(core, manifest.servers, planning)),
    ...planPrincipals(core, manifest.principals, planning),
    ...(await planGroups(core, manifest.groups, planning)),
    ...(await planGrants(core, manifest.grants, planning)),
    ...(await planLimits(core, manifest.limits, planning)),
    ...(await planPrices(core, manifest.prices, planning)),
    ...(await planBudgets(core, manifest.budgets, planning)),
    ...(await planApprovalRules(core, manifest.approval_rules, planning)),
    ...planPolicies(core, manifest.policies, planning),
    ...planGuardrails(core, manifest.guardrails, planning),
  ]
  // What acts by itself comes after the rules that hold for it, and what starts it last.
  steps.push(...(await planAgents(core, manifest.agents, steps, planning)))
  steps.push(...(await planTeams(core, manifest.teams, steps, planning)))
  steps.push(...(await planWorkflows(core, manifest.workflows, planning)))
  steps.push(...(await planSubscriptions(core, manifest.subscriptions, planning)))
  steps.push(...(await planTriggers(core, manifest.triggers, steps, planning)))
  return steps
}

type Parts = Pick<
  Core,
  | 'registry'
  | 'rules'
  | 'approvals'
  | 'budgets'
  | 'directory'
  | 'agents'
  | 'teams'
  | 'workflows'
  | 'subscriptions'
  | 'triggers'
>
