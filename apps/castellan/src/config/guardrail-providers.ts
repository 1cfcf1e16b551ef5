import { z } from 'zod'
import { guardrailMetric, guardrailStage } from '@castellan/contracts'
import { isPath, isPublicUrl, isSecretReference } from './addresses.ts'
import { inParts, type Kind } from './kinds.ts'

const path = z.string().min(1).refine(isPath, 'must be a path')
const word = z
  .string()
  .max(64)
  .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, 'must be words of a-z and 0-9 joined by -')

/** What is said of every provider. */
const common = {
  /** Where it is asked. */
  stages: z.array(guardrailStage).min(1).default(['arguments', 'result', 'model_input', 'model_output']),
  /** Characters of the longest text it is asked about. */
  longest: z.int().min(1).max(4_000_000).default(100_000),
  /** From which confidence on a finding is one. */
  report_from: z.number().min(0).max(1).default(0.5),
}

const http = z.strictObject({
  ...common,
  kind: z.literal('http'),
  url: z.string().refine(isPublicUrl, 'must be an http or https URL without credentials, query or fragment'),
  dialect: z.enum(['castellan', 'openai']).default('castellan'),
  /** The model that is asked for, in the dialect `openai`. */
  model: z.string().min(1).max(200).nullable().default(null),
  token: z.string().refine(isSecretReference, 'must be env:NAME or secret:NAME').nullable().default(null),
  ca: path.nullable().default(null),
  allow_private: z.boolean().default(false),
  /** Whether it gets texts as they are, or without what the detectors would take out. */
  text: z.enum(['redacted', 'full']).default('redacted'),
})

const onnx = z.strictObject({
  ...common,
  kind: z.literal('onnx'),
  /** Folder with `model.onnx`, `tokenizer.json` and `config.json`. */
  path,
  metric: guardrailMetric,
  /** The labels of the model that are findings, and their categories. */
  labels: z.record(z.string().min(1), word).refine(labels => Object.keys(labels).length > 0, 'must name a label'),
  /** Nothing leaves this machine. */
  text: z.enum(['redacted', 'full']).default('full'),
})

const all = z.record(word, z.discriminatedUnion('kind', [http, onnx]))
export type GuardrailProviders = z.output<typeof all>
export type HttpProvider = z.output<typeof http>
export type OnnxProvider = z.output<typeof onnx>

/** External providers of the guardrails by name. */
export const guardrailProviders: Kind<GuardrailProviders> = inParts(
  all,
  'a mapping of names to providers, each with its kind (http or onnx)',
  providers => Object.keys(providers).sort().join(', ') || 'none',
)
