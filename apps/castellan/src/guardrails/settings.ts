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
  /** What is done about findings of a category, such as `email`, in every mode and however sure a detector is. */
  readonly categories: Readonly<Record<string, Action>>
  /** Names of the providers that are asked, of those who are asked at a stage at all; null for all of them. */
  readonly providers: readonly string[] | null
}

/**
 * What is on by default. Personal data and secrets are what many honest texts are about, so they are taken out rather than
 * refused; who gives a model orders, or sends data away, is stopped: sooner for orders, since whoever is warned of them is
 * a model that has read them.
 */
const thresholdsByDefault: GuardrailSettings['thresholds'] = {
  pii: null,
  secrets: null,
  injection: 0.75,
  toxicity: 0.95,
  exfiltration: 0.9,
}

/** Nothing can be taken out of what a tool is called with, and a secret that has left cannot be called back. */
const thresholdsOfArguments: GuardrailSettings['thresholds'] = { ...thresholdsByDefault, secrets: 0.9 }

/** Personal data that are more often the subject of honest work than a leak: told of, and left where they are. */
const toldOf: ReadonlySet<string> = new Set(['ip'])

/** What a deployment or a caller says otherwise than the defaults. */
export interface GuardrailWish {
  readonly mode?: Mode | undefined
  readonly thresholds?: { readonly [metric in Metric]?: number | null | undefined } | undefined
  readonly categories?: Readonly<Record<string, Action>> | undefined
  readonly providers?: readonly string[] | null | undefined
  /** Thresholds that are never above these, whatever is said or left to the defaults of a stage. */
  readonly atMost?: GuardrailWish['thresholds']
}

/** A wish, and another on top of it that can only make it stricter: the stricter mode, and of two thresholds the lower. */
export function tightened<Wish extends GuardrailWish | null>(
  wish: Wish,
  more: Pick<GuardrailWish, 'mode' | 'thresholds'> | undefined,
): Wish | GuardrailWish {
  if (more === undefined || (more.mode === undefined && more.thresholds === undefined)) return wish
  const { mode = 'mixed', ...given } = wish ?? { mode: 'advisory' }
  const strictest = modes[Math.min(modes.indexOf(mode), modes.indexOf(more.mode ?? mode))]
  return { ...given, mode: strictest, atMost: more.thresholds }
}

/** Whether nothing can become of any text, whatever is found in it and whoever fails: then it need not be whole before it is passed on. */
export function onlyRecords({ mode, categories = {} }: GuardrailWish): boolean {
  return mode === 'advisory' && Object.values(categories).every(action => action === 'allow')
}

export function settingsFor(
  { mode = 'mixed', thresholds: said = {}, atMost = {}, categories = {}, providers = null }: GuardrailWish,
  stage: Stage,
): GuardrailSettings {
  const unsaid = stage === 'arguments' ? thresholdsOfArguments : thresholdsByDefault
  const threshold = (metric: Metric): number | null => {
    const own = said[metric] === undefined ? unsaid[metric] : said[metric]
    const most = atMost[metric] ?? null
    return own === null || most === null ? (own ?? most) : Math.min(own, most)
  }
  const thresholds = {
    pii: threshold('pii'),
    secrets: threshold('secrets'),
    injection: threshold('injection'),
    toxicity: threshold('toxicity'),
    exfiltration: threshold('exfiltration'),
  }
  return { mode, thresholds, categories, providers }
}

/** What is done about a finding of this confidence. */
export function actionFor(
  { metric, category, confidence }: { readonly metric: Metric; readonly category: string; readonly confidence: number },
  stage: Stage,
  { mode, thresholds, categories }: GuardrailSettings,
): Action {
  const wanted = categories[category]
  if (wanted !== undefined) return wanted === 'redact' && !canBeRedacted(metric, stage) ? 'warn' : wanted
  switch (mode) {
    case 'hard_gate':
      return 'block'
    case 'advisory':
      return 'allow'
    case 'mixed': {
      const threshold = thresholds[metric]
      if (threshold !== null && confidence >= threshold) return 'block'
      return canBeRedacted(metric, stage) && !toldOf.has(category) ? 'redact' : 'warn'
    }
    default:
      throw mode satisfies never
  }
}

function canBeRedacted(metric: Metric, stage: Stage): boolean {
  return canBeTakenOut(metric) && canBeChanged(stage)
}

/** Whether the rest of a text is of use without it. */
export function canBeTakenOut(metric: Metric): boolean {
  return metric === 'pii' || metric === 'secrets' || metric === 'exfiltration'
}

/** What was judged is what runs: a definition or an argument is taken as it is, or not at all. */
function canBeChanged(stage: Stage): boolean {
  return stage === 'result' || stage === 'model_input' || stage === 'model_output'
}
