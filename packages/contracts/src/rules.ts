import { z } from 'zod'
import { duration, id, pattern, recipient, text } from './common.ts'

const rate = z.strictObject({ calls: z.int().min(1).max(1_000_000), per: duration })

export const limitsInput = z
  .strictObject({
    to: z
      .union([z.literal('everyone'), recipient], 'must be "everyone", {"role": …} or {"principal": <id>}')
      .default('everyone'),
    /** Patterns over `server/name`; null allows all, an empty list nothing. */
    allow: z.array(pattern).max(1_000).nullable().default(null),
    /** Refused even when allowed. */
    block: z.array(pattern).max(1_000).default([]),
    /** Refuses whatever may reach beyond its server. */
    no_network: z.boolean().default(false),
    /** Judges calls and does not run them. */
    dry_run: z.boolean().default(false),
    /** Most calls in one session. */
    max_steps: z.int().min(1).max(1_000_000).nullable().default(null),
    per_principal: rate.nullable().default(null),
    per_tool: rate.nullable().default(null),
  })
  .meta({ id: 'LimitsWish' })
export type LimitsInput = z.input<typeof limitsInput>
export const limits = limitsInput.extend({ id, name: z.string(), version: z.int() }).meta({ id: 'Limits' })
export type Limits = z.infer<typeof limits>

/** File name to text, such as `starter.cedar`. */
export const policyTexts = z.record(
  z.string().regex(/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$/, 'is no plain file name such as starter.cedar'),
  text(1_000_000),
)

export const policyFiles = z.strictObject({ files: policyTexts }).meta({ id: 'PolicyFiles' })
export const policySet = z
  .object({ files: z.record(z.string(), z.string()), digest: z.string(), version: z.int() })
  .meta({ id: 'PolicySet' })
export type PolicySet = z.infer<typeof policySet>
export const policyProblem = z
  .object({ file: z.string(), line: z.int().nullable(), message: z.string() })
  .meta({ id: 'PolicyProblem' })
export type PolicyProblem = z.infer<typeof policyProblem>
export const policyEngine = z
  .object({
    /** As in the setting `policy.engines`. */
    name: z.string(),
    /** Whether calls are allowed while it gives no answer. */
    fail_open: z.boolean(),
    /** Why it cannot decide now; null when it can. */
    trouble: z.string().nullable(),
  })
  .meta({ id: 'PolicyEngine' })
export type PolicyEngine = z.infer<typeof policyEngine>
