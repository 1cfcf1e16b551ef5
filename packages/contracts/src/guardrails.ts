import { z } from 'zod'
import { pattern } from './common.ts'

/** What a text is: a session as it begins, what a server says of its tools, or what is said to tools and models and by them. */
export const guardrailStage = z.enum([
  'preflight',
  'tool_manifest',
  'arguments',
  'result',
  'model_input',
  'model_output',
])
/** `hard_gate` blocks at every finding, `mixed` from a threshold on, `advisory` never. */
export const guardrailMode = z.enum(['hard_gate', 'mixed', 'advisory'])
export const guardrailMetric = z.enum(['pii', 'secrets', 'injection', 'toxicity', 'exfiltration'])
export const guardrailAction = z.enum(['allow', 'warn', 'redact', 'block'])

const confidence = z.number().min(0).max(1)
const threshold = confidence.nullable().optional()
/** The confidence from which `mixed` blocks; null means never. */
export const guardrailThresholds = z.strictObject({
  pii: threshold,
  secrets: threshold,
  injection: threshold,
  toxicity: threshold,
  exfiltration: threshold,
})
const word = z.string().regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, 'must be words of a-z and 0-9 joined by -')
/** What is done about a category of findings, such as `email`, in every mode. */
const categories = z.record(word, guardrailAction)

export const guardrailScanInput = z
  .strictObject({
    text: z.string().max(4_000_000),
    stage: guardrailStage.default('model_input'),
    mode: guardrailMode.optional(),
    thresholds: guardrailThresholds.optional(),
    categories: categories.optional(),
  })
  .meta({ id: 'GuardrailScanWish' })
export type GuardrailScanInput = z.input<typeof guardrailScanInput>

const guardrailRule = z
  .strictObject({
    /** Patterns over `server/name`. */
    tools: z.array(pattern).min(1).max(1_000),
    /** Null for every stage. */
    stages: z
      .array(z.enum(['tool_manifest', 'arguments', 'result']))
      .min(1)
      .nullable()
      .default(null),
    /** Whether texts are looked at at all. */
    scan: z.boolean().default(true),
    /** Null to leave it as it is. */
    mode: guardrailMode.nullable().default(null),
    thresholds: guardrailThresholds.default({}),
    categories: categories.default({}),
    /** What whoever reads a result has read, whatever is in it, such as `untrusted` or `confidential`. */
    labels: z.array(word.max(64)).max(20).default([]),
  })
  .meta({ id: 'GuardrailRule' })

export const guardrailsInput = z
  .strictObject({
    mode: guardrailMode.default('mixed'),
    thresholds: guardrailThresholds.default({}),
    categories: categories.default({}),
    /** What is different for some tools: of those that match, the later has the last word. */
    rules: z.array(guardrailRule).max(500).default([]),
    /** What becomes of calls that are unsafe or reach the open world once a session has read untrusted and confidential things. */
    mixing: z.enum(['approve', 'deny', 'allow']).default('approve'),
  })
  .meta({ id: 'GuardrailsWish' })
export type GuardrailsInput = z.input<typeof guardrailsInput>
export const guardrails = guardrailsInput.extend({ version: z.int() }).meta({ id: 'Guardrails' })
export type Guardrails = z.infer<typeof guardrails>

export const guardrailSignal = z
  .object({
    metric: guardrailMetric,
    /** What was seen, such as `card` or `instruction-override`. */
    category: z.string(),
    /** In UTF-16 code units of the text, half open. */
    start: z.int(),
    end: z.int(),
    confidence,
    action: guardrailAction,
  })
  .meta({ id: 'GuardrailSignal' })
export type GuardrailSignal = z.infer<typeof guardrailSignal>

export const guardrailScan = z
  .object({
    /** The strongest action of all signals. */
    verdict: guardrailAction,
    signals: z.array(guardrailSignal),
    /** The text without personal data, secrets and ways out. */
    redacted: z.string(),
    /** Detectors that did not work on this text. */
    unavailable: z.array(z.string()),
    /** Over the detectors and the settings: under the same digest the same text leads to the same answer. */
    rules_hash: z.string(),
  })
  .meta({ id: 'GuardrailScan' })
export type GuardrailScan = z.infer<typeof guardrailScan>

export const guardrailProvider = z
  .object({ name: z.string(), metric: guardrailMetric, version: z.string(), available: z.boolean() })
  .meta({ id: 'GuardrailProvider' })
export type GuardrailProvider = z.infer<typeof guardrailProvider>
