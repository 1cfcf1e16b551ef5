import { z } from 'zod'
import { grantInput, groupInput, principalInput } from './access.ts'
import { agentInput } from './agents.ts'
import { approvalRuleInput } from './approvals.ts'
import { budgetDeclared, priceDeclared } from './budgets.ts'
import { groupName, line, role } from './common.ts'
import { guardrailsInput } from './guardrails.ts'
import { limitsInput, policyTexts } from './rules.ts'
import { serverInput } from './server.ts'
import { subscriptionCreate } from './subscriptions.ts'
import { teamInput } from './teams.ts'
import { triggerInput } from './triggers.ts'
import { workflowInput } from './workflows.ts'

const byName = z.union(
  [z.strictObject({ role }), z.strictObject({ principal: line(200) })],
  'must be {"role": …} or {"principal": <name>}',
)

/** With its secret named: one that is made is shown once, and what is applied shows none. */
const triggerDeclared = triggerInput.refine(({ source }) => source.kind !== 'webhook' || source.secret !== undefined, {
  path: ['source', 'secret'],
  message: 'must name a stored secret, since one that is made here could be shown to nobody',
})

/**
 * Everything declared in one file (`castellan.yaml`). What a section does not name is left alone, unless `--prune` removes
 * it; a section that is absent is never pruned.
 */
export const manifest = z
  .strictObject({
    /** Static settings of the process, which `up` reads; ignored here. */
    settings: z.unknown().optional(),
    servers: z.array(serverInput).optional(),
    groups: z.array(groupInput.extend({ name: groupName })).optional(),
    /** Principals and the roles they, and so their keys, have. They are never pruned: the journal speaks of them. */
    principals: z.array(principalInput).optional(),
    /** `to` names a principal by name. */
    grants: z.array(grantInput.extend({ to: byName })).optional(),
    limits: z
      .array(
        limitsInput.extend({
          name: line(64),
          to: z
            .union([z.literal('everyone'), byName], 'must be "everyone", {"role": …} or {"principal": <name>}')
            .default('everyone'),
        }),
      )
      .optional(),
    /** What things cost; before what may be spent on them. */
    prices: z.array(priceDeclared).optional(),
    budgets: z.array(budgetDeclared).optional(),
    approval_rules: z.array(approvalRuleInput.extend({ name: line(64) })).optional(),
    policies: policyTexts.optional(),
    /** As a whole: what is left out is as by default. */
    guardrails: guardrailsInput.optional(),
    agents: z.array(agentInput).optional(),
    teams: z.array(teamInput).optional(),
    /** Each by the name in its document. */
    workflows: z.array(workflowInput).optional(),
    /** `principal` is a name. `start` counts when one is made; afterwards it goes on where it is. */
    subscriptions: z.array(subscriptionCreate).optional(),
    /** They act for whoever applied what made or changed them. */
    triggers: z.array(triggerDeclared).optional(),
  })
  .meta({ id: 'Manifest' })
export type Manifest = z.output<typeof manifest>
export type ManifestInput = z.input<typeof manifest>

export const applyInput = z
  .strictObject({
    manifest,
    /** Only plan. */
    dry_run: z.boolean().optional(),
    /** Remove what the sections of the manifest do not name. */
    prune: z.boolean().optional(),
    allow_unhealthy: z.boolean().optional(),
  })
  .meta({ id: 'ApplyWish' })
export type ApplyInput = z.input<typeof applyInput>

export const applyAction = z
  .object({
    action: z.enum(['create', 'update', 'delete', 'unchanged']),
    kind: z.enum([
      'server',
      'group',
      'principal',
      'grant',
      'limits',
      'approval_rule',
      'price',
      'budget',
      'policies',
      'guardrails',
      'agent',
      'team',
      'workflow',
      'subscription',
      'trigger',
    ]),
    name: z.string(),
    /** Names of the fields that differ; never values. */
    changes: z.array(z.string()),
    /** Why it failed, or would fail as things are; null when nothing speaks against it. */
    failed: z.string().nullable(),
  })
  .meta({ id: 'ApplyAction' })
export type ApplyAction = z.infer<typeof applyAction>

export const applyAnswer = z
  .object({
    /** Whether the actions were tried; not so in a dry run. What failed says so itself. */
    applied: z.boolean(),
    actions: z.array(applyAction),
  })
  .meta({ id: 'ApplyAnswer' })
export type ApplyAnswer = z.infer<typeof applyAnswer>
