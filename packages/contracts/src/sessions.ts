import { z } from 'zod'
import { duration, id, line, pattern, text, timestamp } from './common.ts'
import { guardrailAction, guardrailMetric, guardrailMode, guardrailThresholds } from './guardrails.ts'

export const sessionInput = z
  .strictObject({
    name: line(200).default('session'),
    /** `provider/model`, as prices know it. */
    model_name: line(200).nullable().default(null),
    /** Stricter than what holds for the caller anyway, never laxer. */
    policy_config: z
      .strictObject({
        /** Patterns over `server/name`; null allows what is allowed anyway. */
        allowlist: z.array(pattern).max(1_000).nullable().default(null),
        blocklist: z.array(pattern).max(1_000).default([]),
        no_network: z.boolean().default(false),
        dry_run: z.boolean().default(false),
        max_steps: z.int().min(1).max(1_000_000).nullable().default(null),
      })
      .prefault({}),
    /** Likewise: of two modes the stricter counts, of two thresholds the lower. */
    guardrail_config: z
      .strictObject({ mode: guardrailMode.optional(), thresholds: guardrailThresholds.optional() })
      .prefault({}),
    /** Texts that the model gets whatever is asked, such as its system prompt: looked at once, now. */
    preflight: z.array(text(1_000_000)).max(100).default([]),
  })
  .meta({ id: 'SessionWish' })
export type SessionInput = z.input<typeof sessionInput>

export const sessionSignal = z
  .object({
    metric: guardrailMetric,
    category: z.string(),
    confidence: z.number(),
    action: guardrailAction,
    /** The same for the same finding in the same text under the same rules; null for what was found in a call. */
    fingerprint: z.string().nullable(),
  })
  .meta({ id: 'SessionSignal' })

const counts = z.record(z.string(), z.int())

export const session = z
  .object({
    id,
    name: z.string(),
    model_name: z.string().nullable(),
    principal: z.object({ id: z.string(), name: z.string() }),
    state: z.enum(['open', 'closed']),
    policy_config: z.object({
      allowlist: z.array(z.string()).nullable(),
      blocklist: z.array(z.string()),
      no_network: z.boolean(),
      dry_run: z.boolean(),
      max_steps: z.int().nullable(),
    }),
    guardrail_config: z.object({ mode: guardrailMode.optional(), thresholds: guardrailThresholds.optional() }),
    /** Over model, policy and guardrail config: the same wishes have the same. */
    config_hash: z.string(),
    /** Over detectors and the settings in force: under the same the same text is judged alike. */
    rules_hash: z.string(),
    preflight: z.object({ verdict: guardrailAction, signals: z.array(sessionSignal) }),
    opened_at: timestamp,
    closed_at: timestamp.nullable(),
    totals: z.object({
      steps: z.int(),
      tokens_in: z.int(),
      tokens_out: z.int(),
      /** In the currency of the prices. */
      cost: z.number(),
      /** Steps whose model has no price. */
      unpriced: z.int(),
      latency_ms: z.number(),
      decisions: counts,
      channels: counts,
      tools: counts,
    }),
  })
  .meta({ id: 'Session' })
export type Session = z.infer<typeof session>

export const sessionOpened = session
  .extend({
    /** What the caller may call in it, by exposed name. */
    tools: z.array(z.object({ name: z.string(), description: z.string().nullable() })),
  })
  .meta({ id: 'SessionOpened' })
export type SessionOpened = z.infer<typeof sessionOpened>

export const sessionStepInput = z
  .strictObject({
    role: z.enum(['user', 'assistant', 'tool', 'system']),
    input_text: text(1_000_000).optional(),
    /** The exposed name of a tool, which is called. */
    tool_name: line(500).optional(),
    tool_args: z.record(z.string(), z.unknown()).optional(),
    /** As the model's provider counted them; without them they are guessed by the length of the text. */
    tokens_in: z.int().min(0).optional(),
    tokens_out: z.int().min(0).optional(),
    /** How long the caller waits; the call is cancelled then. */
    timeout: duration.optional(),
  })
  .refine(({ input_text, tool_name }) => input_text !== undefined || tool_name !== undefined, {
    path: ['input_text'],
    message: 'must be given, or tool_name must',
  })
  .refine(({ tool_name, tool_args }) => tool_args === undefined || tool_name !== undefined, {
    path: ['tool_args'],
    message: 'is nothing without tool_name',
  })
  .meta({ id: 'SessionStepWish' })
export type SessionStepInput = z.input<typeof sessionStepInput>

export const sessionStep = z
  .object({
    step_id: id,
    /** From 1. */
    number: z.int(),
    role: z.enum(['user', 'assistant', 'tool', 'system']),
    channel: z.enum(['user_to_llm', 'llm_to_user', 'llm_to_tool', 'tool_to_llm']),
    selected_tool: z.string().nullable(),
    /** `ok`, `error`, a denial code, or another wire name of an outcome. */
    decision: z.string(),
    /** What may be passed on. As it is kept, redacted and at most 200 characters. */
    output_text: z.string().nullable(),
    error: z.string().nullable(),
    latency_ms: z.number(),
    tokens_in: z.int(),
    tokens_out: z.int(),
    tokens_guessed: z.boolean(),
    /** Null when the model has no price. */
    cost_est: z.number().nullable(),
    guardrail_signals: z.array(sessionSignal),
    /** Fingerprints of signals that are reused from the preflight. */
    reused_fingerprints: z.array(z.string()),
    call_id: z.string().nullable(),
    at: timestamp,
  })
  .meta({ id: 'SessionStep' })
export type SessionStep = z.infer<typeof sessionStep>
