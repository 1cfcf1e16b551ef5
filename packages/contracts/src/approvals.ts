import { z } from 'zod'
import { duration, effect, id, pattern, role, text, timestamp, webhook } from './common.ts'

export const approvalState = z.enum(['pending', 'approved', 'rejected', 'expired', 'used', 'cancelled'])
export type ApprovalState = z.infer<typeof approvalState>

/** When whoever asked cannot be one of those who agree: ever, when it is no person, or never. */
export const fourEyes = z.enum(['always', 'machines', 'never'])

export const approval = z
  .object({
    id,
    state: approvalState,
    /** Over everything it is good for: caller, tool and its definition, arguments, policies, and who asked for it. */
    digest: z.string(),
    requested_by: z.object({ id: z.string(), kind: z.string(), name: z.string() }),
    /** The call that asked first. */
    call_id: id,
    server: z.string(),
    capability: z.string(),
    method: z.string(),
    effect,
    open_world: z.boolean(),
    /** Why a person has to agree. */
    reasons: z.array(z.string()),
    policy_digest: z.string(),
    /** The rule it follows; null for the defaults. */
    rule: z.string().nullable(),
    /** One of these roles is needed to decide. */
    approvers: z.array(role),
    four_eyes: fourEyes,
    /** How many must agree. */
    quorum: z.int(),
    decisions: z.array(
      z.object({
        by: z.string(),
        name: z.string(),
        /** Through which door the decision came. */
        through: z.enum(['rest', 'callback', 'client']),
        agrees: z.boolean(),
        reason: z.string().nullable(),
        at: timestamp,
      }),
    ),
    requested_at: timestamp,
    /** Until when it can be decided; once it is approved, until when it can be used. */
    expires_at: timestamp,
    /** The call that used it. */
    used_by: id.nullable(),
  })
  .meta({ id: 'Approval' })
export type Approval = z.infer<typeof approval>

export const approvalDetail = approval
  .extend({
    /** The arguments as JSON text, without secrets; for those who may not decide, without personal data as well. */
    arguments: z.string(),
  })
  .meta({ id: 'ApprovalDetail' })
export type ApprovalDetail = z.infer<typeof approvalDetail>

const reason = text(2_000).optional()

export const approvalDecision = z.strictObject({ reason }).meta({ id: 'ApprovalDecision' })

/** What comes back to the address that a notice named. */
export const approvalCallback = z
  .strictObject({
    /** As the notice had it; good once. */
    token: z.string().max(2_000),
    decision: z.enum(['approve', 'reject']),
    reason,
  })
  .meta({ id: 'ApprovalCallback' })

export const approvalRuleInput = z
  .strictObject({
    /** Patterns over `server/name`. Of several rules that fit a call, the one with the longest pattern counts. */
    tools: z.array(pattern).min(1).max(1_000).default(['*']),
    /** Who may decide: one of these roles is enough. */
    approvers: z.array(role).min(1).max(4).default(['admin', 'operator']),
    four_eyes: fourEyes.default('machines'),
    /** How many must agree. */
    quorum: z.int().min(1).max(20).default(1),
    /** How long there is to decide; null for the setting. */
    decide_within: duration.nullable().default(null),
    /** How long an approval is good for after that; null for the setting. */
    use_within: duration.nullable().default(null),
    /** Where to tell of each request, and the name of the stored secret that signs it. */
    webhook: webhook.nullable().default(null),
  })
  .meta({ id: 'ApprovalRuleWish' })
export type ApprovalRuleInput = z.input<typeof approvalRuleInput>
export const approvalRule = approvalRuleInput
  .extend({ id, name: z.string(), version: z.int() })
  .meta({ id: 'ApprovalRule' })
export type ApprovalRule = z.infer<typeof approvalRule>
