import type { Metric } from './finding.ts'
import type { Action, Stage } from './signal.ts'

/**
 * How findings become actions:
 *
 *   hard_gate   every finding blocks, and so does a detector that does not work
 *   mixed       from its threshold on a finding blocks; below it, what can be redacted is, and the rest is a warning
 *   advisory    nothing is done; findings are recorded
 */
export const modes = ['hard_gate', 'mixed', 'advisory'] as const
export type Mode = (typeof modes)[number]

export interface GuardrailSettings {
  readonly mode: Mode
  /** The confidence from which a finding of `mixed` blocks, from 0 to 1; null means never. */
  readonly thresholds: Readonly<Record<Metric, number | null>>
}

/**
 * What is on by default. Personal data and secrets are what many honest texts are about, so they are taken out rather than
 * refused; who gives a model orders, or sends data away, is stopped as soon as that is certain.
 */
export const defaultSettings: GuardrailSettings = {
  mode: 'mixed',
  thresholds: { pii: null, secrets: null, injection: 0.9, toxicity: 0.95, exfiltration: 0.9 },
}

/** What a deployment or a caller says otherwise than the defaults. */
export interface GuardrailWish {
  readonly mode?: Mode | undefined
  readonly thresholds?: { readonly [metric in Metric]?: number | null | undefined } | undefined
}

export function settingsFor({ mode = defaultSettings.mode, thresholds = {} }: GuardrailWish): GuardrailSettings {
  const said = Object.entries(thresholds).filter(([, threshold]) => threshold !== undefined)
  return { mode, thresholds: { ...defaultSettings.thresholds, ...Object.fromEntries(said) } }
}

/** What is done about a finding of this confidence. */
export function actionFor(
  metric: Metric,
  confidence: number,
  stage: Stage,
  { mode, thresholds }: GuardrailSettings,
): Action {
  switch (mode) {
    case 'hard_gate':
      return 'block'
    case 'advisory':
      return 'allow'
    case 'mixed': {
      const threshold = thresholds[metric]
      if (threshold !== null && confidence >= threshold) return 'block'
      return canBeTakenOut(metric) && canBeChanged(stage) ? 'redact' : 'warn'
    }
    default:
      throw mode satisfies never
  }
}

/** Whether the rest of a text is of use without it. */
export function canBeTakenOut(metric: Metric): boolean {
  return metric === 'pii' || metric === 'secrets' || metric === 'exfiltration'
}

/** What was judged is what runs: a definition or an argument is taken as it is, or not at all. */
function canBeChanged(stage: Stage): boolean {
  return stage === 'result' || stage === 'model_input' || stage === 'model_output'
}
