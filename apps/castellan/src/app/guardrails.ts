import type { Guardrails } from '../guardrails/index.ts'
import type { Inspection } from '../registry/index.ts'

/** All detectors there are, loaded only now: their words and weights are of no use to most processes. `onBug` is told of one that throws. */
export async function guardrails(onBug?: (error: unknown) => void): Promise<Guardrails> {
  const { detectors, Guardrails } = await import('../guardrails/index.ts')
  return new Guardrails(detectors(), onBug)
}

/** What the detectors say of the texts of a definition: orders to a model, and ways out for data. */
export function inspection(detectors: Guardrails, text: string): Inspection {
  const { signals, unavailable } = detectors.scan(text, 'tool_manifest')
  const findings = signals
    // An address alone is not a way out.
    .filter(({ metric, action }) => metric === 'injection' || (metric === 'exfiltration' && action === 'block'))
    .map(({ category, start, end, confidence }) => ({
      category,
      words: text.slice(start, end),
      certain: confidence >= SURE,
    }))
  return { findings, blind: unavailable.length > 0 ? `detectors failed: ${unavailable.join(', ')}` : null }
}

/**
 * Lower than what blocks a text on its way: a person decides here, once for a definition. Honest definitions reach 0.71 ("will
 * overwrite existing files without warning"), the known attacks begin at 0.89.
 */
const SURE = 0.8
