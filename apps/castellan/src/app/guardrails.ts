import type { Guardrails } from '../guardrails/index.ts'

/** All detectors there are, loaded only now: their words and weights are of no use to most processes. `onBug` is told of one that throws. */
export async function guardrails(onBug?: (error: unknown) => void): Promise<Guardrails> {
  const { detectors, Guardrails } = await import('../guardrails/index.ts')
  return new Guardrails(detectors(), onBug)
}
