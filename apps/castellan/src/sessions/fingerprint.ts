import { createHmac } from 'node:crypto'
import { digestJson } from '../kernel/index.ts'
import type { Metric, Provider, Stage } from '../guardrails/index.ts'

/**
 * By what a finding is known again: SHA-256 over provider and its version, metric, category, stage, model, rules and content. The
 * content is in it under a key, since short texts could be guessed from their digest.
 */
export function fingerprint(
  parts: {
    readonly provider: Pick<Provider, 'name' | 'version'>
    readonly metric: Metric
    readonly category: string
    readonly stage: Stage
    readonly model: string | null
    readonly rulesHash: string
    readonly text: string
  },
  key: Uint8Array,
): string {
  const { provider, metric, category, stage, model, rulesHash, text } = parts
  const content = createHmac('sha256', key).update(text).digest('hex')
  return digestJson([provider.name, provider.version, metric, category, stage, model, rulesHash, content])
}
