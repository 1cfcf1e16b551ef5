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
/** Names of external providers that may be asked. */
const providers = z.array(word.max(64)).max(50).nullable().default(null)

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
    /** The external providers that may be asked; null to leave it as it is, and [] for none. */
    providers,
    /** What whoever reads a result has read, whatever is in it, such as `untrusted` or `confidential`. */
    labels: z.array(word.max(64)).max(20).default([]),
  })
  .meta({ id: 'GuardrailRule' })

export const guardrailsInput = z
  .strictObject({
    mode: guardrailMode.default('mixed'),
    thresholds: guardrailThresholds.default({}),
    categories: categories.default({}),
    /** The external providers that may be asked; null for all there are. One that is not there counts as one that does not work. */
    providers,
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
    /** The external provider that saw it; left out when it was a detector of the control plane. */
    provider: z.string().optional(),
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
    /** Detectors and providers that did not work on this text. */
    unavailable: z.array(z.string()),
    /** Over detectors, providers and the settings: under the same digest the same text leads to the same answer. */
    rules_hash: z.string(),
  })
  .meta({ id: 'GuardrailScan' })
export type GuardrailScan = z.infer<typeof guardrailScan>

export const guardrailProvider = z
  .object({
    name: z.string(),
    /** `detector` for those of the control plane; otherwise what kind of external provider it is, such as `http`. */
    kind: z.string(),
    /** Null for those who look for more than one thing. */
    metric: guardrailMetric.nullable(),
    /** Null before an external provider has said it. */
    version: z.string().nullable(),
    available: z.boolean(),
    /** What is known of an external provider; null for detectors. */
    external: z
      .object({
        /** `resting` after several failures: not asked for some seconds, and unavailable meanwhile. */
        state: z.enum(['unasked', 'working', 'failing', 'resting']),
        stages: z.array(guardrailStage),
        /** Since the start: requests, those that failed, and answers that were good once more. */
        asked: z.int(),
        failed: z.int(),
        reused: z.int(),
        last_failure: z.object({ at: z.string(), why: z.string() }).nullable(),
        /** Optional parts that are not installed, and how to get them. */
        missing: z.array(z.string()),
      })
      .nullable(),
  })
  .meta({ id: 'GuardrailProvider' })
export type GuardrailProvider = z.infer<typeof guardrailProvider>
