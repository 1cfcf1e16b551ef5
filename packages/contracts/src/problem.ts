import { z } from 'zod'

/** Every error of the REST API. Source: RFC 9457. */
export const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    /** A row of docs/errors.md, or a denial such as `denied_policy`. */
    code: z.string(),
    retryable: z.boolean(),
    /** What is wrong where; never with the value that was sent. */
    errors: z
      .array(
        z.object({
          /** The body when absent. */
          in: z.enum(['body', 'query', 'path']).optional(),
          /** JSON Pointer (RFC 6901). */
          at: z.string(),
          message: z.string(),
        }),
      )
      .optional(),
    /** The call that was refused. */
    call_id: z.string().optional(),
    /** The run that could not go on. */
    run_id: z.string().optional(),
    /** For `denied_budget`: whose budget it is, how it stands, and when it begins anew. Amounts are in its unit. */
    tenant_id: z.string().optional(),
    /** Spent and reserved. */
    current_spend: z.number().optional(),
    max_budget: z.number().optional(),
    /** What is never exceeded: the budget and its grace. */
    grace_threshold: z.number().optional(),
    unit: z.enum(['money', 'tokens', 'calls', 'time']).optional(),
    resets_at: z.string().nullable().optional(),
  })
  .meta({ id: 'Problem' })
export type Problem = z.infer<typeof problem>
