import { availableParallelism } from 'node:os'
import { type Config, secretEnvironment, type Variables } from '../config/index.ts'
import type { Guardrails, OnBug, Onlooker, ProviderPanel } from '../guardrails/index.ts'
import { DEFAULT_TENANT } from '../identity/index.ts'
import { systemClock } from '../kernel/index.ts'
import type { Inspection } from '../registry/index.ts'
import { providerPanel } from './provider-panel.ts'

/** The guardrails of a control plane, and what they look with. */
export interface GuardrailParts {
  /** All detectors there are, loaded when they are asked for first: their words and weights are of no use to most processes. */
  readonly load: () => Promise<Guardrails>
  readonly close: () => Promise<void>
}

/** `onBug` is told of detectors that throw, and of threads that end. */
export function guardrailParts(onBug: OnBug, panel?: ProviderPanel): GuardrailParts {
  let loading: Promise<Guardrails> | undefined
  let onlooker: Onlooker | undefined

  async function load(): Promise<Guardrails> {
    const { detectors, Guardrails } = await import('./looking.ts')
    const { threadOnlooker } = await import('../adapters/guardrail-thread/index.ts')
    void panel?.prepare()
    const looking = detectors()
    // One processor is for everything else.
    const most = Math.max(1, Math.min(2, availableParallelism() - 1))
    onlooker = threadOnlooker({ detectors: looking.map(({ name }) => name), onBug, most })
    return new Guardrails(looking, { onBug, onlooker, ...(panel && { panel }) })
  }

  return {
    load: () => (loading ??= load()),
    close: async () => {
      await onlooker?.close()
      await panel?.close()
    },
  }
}

/** The guardrails of the settings without a control plane around them; tokens of providers are read from variables alone. */
export async function guardrailsAlone(
  { guardrails }: Pick<Config, 'guardrails'>,
  variables: Variables,
): Promise<GuardrailParts> {
  const read = secretEnvironment(variables, DEFAULT_TENANT)
  const panel = await providerPanel(guardrails, {
    readSecret: async ref => {
      const value = 'env' in ref ? read(ref.env, DEFAULT_TENANT) : undefined
      if (value === undefined) throw new Error('there is no such variable')
      return value
    },
    clock: systemClock,
    onBug: () => undefined,
    onChange: () => undefined,
  })
  await panel?.prepare()
  return guardrailParts(() => undefined, panel)
}

/**
 * What the detectors say of the texts of a definition: orders to a model, and ways out for data. A definition is no prose: names and
 * words of its schema stand in a row by chance, so what is seen counts only within one of its texts.
 */
export async function inspection(detectors: Guardrails, texts: readonly string[]): Promise<Inspection> {
  const whole = texts.join('\n')
  const { signals, unavailable } = await detectors.scan(whole, 'tool_manifest')
  const ends = endsOf(texts)
  const findings = signals
    // An address alone is not a way out.
    .filter(({ metric, action }) => metric === 'injection' || (metric === 'exfiltration' && action === 'block'))
    .flatMap(({ category, start, end, confidence }) => {
      const within = ends.findIndex(each => start < each)
      const text = texts[within]
      if (text === undefined || end > ends[within]!) return []
      // What is merely like an attack on a person's chat is much like a manual, too.
      const likeness = category === LIKENESS
      if (likeness && text.split(/\s+/).length < FEWEST_WORDS) return []
      return [{ category, words: whole.slice(start, end), certain: !likeness && confidence >= SURE }]
    })
  return { findings, blind: unavailable.length > 0 ? `detectors failed: ${unavailable.join(', ')}` : null }
}

/** Where each text ends, when they are lines of one. */
function endsOf(texts: readonly string[]): readonly number[] {
  let end = -1
  return texts.map(({ length }) => (end += length + 1))
}

/**
 * Lower than what blocks a text on its way: a person decides here, once for a definition. Honest definitions reach 0.71 ("will
 * overwrite existing files without warning"), the known attacks begin at 0.89.
 */
const SURE = 0.8

/** An opinion on a text as a whole, which quotes no words that are an order by themselves. */
const LIKENESS = 'jailbreak-like'

const FEWEST_WORDS = 8
