import { z } from 'zod'

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

export const guardrailScanInput = z
  .strictObject({
    text: z.string().max(4_000_000),
    stage: guardrailStage.default('model_input'),
    mode: guardrailMode.optional(),
    /** The confidence from which `mixed` blocks; null means never. */
    thresholds: z
      .strictObject({
        pii: threshold,
        secrets: threshold,
        injection: threshold,
        toxicity: threshold,
        exfiltration: threshold,
      })
      .optional(),
  })
  .meta({ id: 'GuardrailScanWish' })
export type GuardrailScanInput = z.input<typeof guardrailScanInput>

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
