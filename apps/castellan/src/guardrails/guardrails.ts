import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Digest, digestBytes, digestJson, type JsonValue, Recent } from '../kernel/index.ts'
import type { Detector } from './detector.ts'
import type { Finding, Metric } from './finding.ts'
import { jsonText, type JsonText, type Leaf, leavesAt, pointerTo, rewritten } from './json-text.ts'
import type { Onlooker } from './onlooker.ts'
import type { ProviderPanel, ProviderState } from './provider-panel.ts'
import { redacted } from './redacted.ts'
import { actionFor, canBeTakenOut, type GuardrailSettings, type GuardrailWish, settingsFor } from './settings.ts'
import { type Action, actions, type Signal, type Stage, stages } from './signal.ts'
import { lookAt, type OnBug, Pieces, type Sight, WINDOW } from './sight.ts'

/** What was found in one text, and what is to become of it. */
export interface Scan {
  /** The strongest action of all; `allow` when nothing has to be done. */
  readonly verdict: Action
  /** By their place in the text. */
  readonly signals: readonly Signal[]
  /** The text without personal data, secrets and ways out, whatever the verdict is: fit to be shown. */
  readonly redacted: string
  /** Names of detectors and providers that did not work on this text. */
  readonly unavailable: readonly string[]
}

/** What was found in the texts of a JSON value. */
export interface JsonScan {
  readonly verdict: Action
  readonly signals: readonly JsonSignal[]
  /** The value without what is to be taken out: the very same when nothing is. */
  readonly redacted: JsonValue
  readonly unavailable: readonly string[]
}

/** A finding in a JSON value, without its text. */
export interface JsonSignal {
  readonly metric: Metric
  readonly category: string
  /** JSON pointer to the text in which it begins. */
  readonly at: string
  readonly confidence: number
  readonly action: Action
  /** Who saw it, when that was no detector of ours. */
  readonly provider?: Finding['provider']
}

/** A detector, as those who operate it see it. */
export interface Provider {
  readonly name: string
  readonly metric: Metric
  readonly version: string
}

/** Who looks besides the detectors, and where. */
export interface Company {
  /** Told of detectors that throw; the scan only has their names. */
  readonly onBug?: OnBug
  /** Looks at long texts; without one they are looked at here, in turns. */
  readonly onlooker?: Onlooker
  readonly panel?: ProviderPanel
}

/** Detectors, and the modes that apply them. The same text, stage and settings always lead to the same scan. */
export class Guardrails {
  readonly #detectors: readonly Detector[]
  readonly #onBug: OnBug
  readonly #onlooker: Onlooker | undefined
  readonly #panel: ProviderPanel | undefined
  /** Of short texts: the same is said often. */
  readonly #recent = new Recent<string, Sight>(500)
  /** Of longer ones, by digest: their texts would take too much room. */
  readonly #recentByDigest = new Recent<Digest, Sight>(500)
  /** Settles when the piece of a long text that was asked for last has been looked at. */
  #lane: Promise<unknown> = Promise.resolve()

  constructor(detectors: readonly Detector[], { onBug = () => undefined, onlooker, panel }: Company = {}) {
    this.#detectors = detectors
    this.#onBug = onBug
    this.#onlooker = onlooker
    this.#panel = panel
  }

  /**
   * Looks at a text. The answer comes later when the text is long, or a provider is asked: those of the stage are, unless our own
   * detectors block anyway. With `alone` nobody else gets to see it.
   */
  scan(text: string, stage: Stage, wish: GuardrailWish = {}, { alone = false }: How = {}): Scan | Promise<Scan> {
    const settings = settingsFor(wish, stage)
    return then(this.#see(text, stage, settings, alone), ({ findings, unavailable }) => {
      const signals = findings
        .map(finding => ({ ...finding, action: actionFor(finding, stage, settings) }))
        .sort(byPlace)
      return {
        verdict: verdictOf(signals, unavailable, settings),
        signals,
        redacted: redacted(text, findings),
        unavailable,
      }
    })
  }

  /**
   * As {@link scan}, for all texts of a value as one. With `mustRedact` whatever can be taken out is, also where the settings would
   * leave it.
   */
  scanJson(
    value: JsonValue,
    stage: Stage,
    wish: GuardrailWish = {},
    { alone = false, mustRedact = false }: How & { readonly mustRedact?: boolean } = {},
  ): JsonScan | Promise<JsonScan> {
    const settings = settingsFor(wish, stage)
    const texts = jsonText(value)
    return then(this.#see(texts.text, stage, settings, alone), ({ findings, unavailable }) => {
      const signals = findings.map(finding => {
        const action = actionFor(finding, stage, settings)
        return { ...finding, action: mustRedact && canBeTakenOut(finding.metric) ? stronger(action, 'redact') : action }
      })
      return {
        verdict: verdictOf(signals, unavailable, settings),
        signals: signals.sort(byPlace).map(signal => placed(signal, texts)),
        redacted: withoutThese(value, texts, signals),
        unavailable,
      }
    })
  }

  get providers(): readonly Provider[] {
    return this.#detectors.map(({ name, metric, version }) => ({ name, metric, version }))
  }

  /** Those of others, and how it is with them. */
  get panel(): readonly ProviderState[] {
    return this.#panel?.states ?? []
  }

  /** Which detectors and providers work; a provider of whom nothing good is known is asked about the text. */
  async health(text: string): Promise<Pick<Scan, 'unavailable'>> {
    const { unavailable } = await this.scan(text, 'preflight', {}, { alone: true })
    await this.#panel?.probe(text)
    return {
      unavailable: [...unavailable, ...this.panel.filter(each => each.is !== 'working').map(({ name }) => name)],
    }
  }

  /** Over detectors, providers and settings: two scans of one text under the same digest find the same. */
  digest(wish: GuardrailWish = {}): Digest {
    const settings = Object.fromEntries(stages.map(stage => [stage, settingsFor(wish, stage)]))
    const panel = this.panel.map(({ name, kind, version, stages: asked }) => ({ name, kind, version, asked }))
    return digestJson({ providers: this.providers, panel, settings })
  }

  #see(text: string, stage: Stage, settings: GuardrailSettings, alone: boolean): Sight | Promise<Sight> {
    const own = text.length <= WINDOW ? this.#look(text) : this.#lookAtLong(text)
    const panel = this.#panel
    if (alone || panel === undefined || text === '') return own
    const names = panel.namesFor(stage, settings.providers ?? undefined)
    if (names.length === 0) return own
    return then(own, seen => {
      const worst = verdictOf(
        seen.findings.map(each => ({ action: actionFor(each, stage, settings) })),
        seen.unavailable,
        settings,
      )
      // It would cost money and leak, and change nothing.
      if (worst === 'block') return seen
      return panel.consult(text, stage, seen.findings, names).then(heard => ({
        findings: [...seen.findings, ...heard.findings],
        unavailable: [...seen.unavailable, ...heard.unavailable],
      }))
    })
  }

  #look(text: string): Sight {
    if (text.length <= SHORT) return this.#remembered(this.#recent, text, text)
    if (text.length <= REMEMBERED && text.isWellFormed())
      return this.#remembered(this.#recentByDigest, digestBytes(text), text)
    return lookAt(text, this.#detectors, this.#onBug)
  }

  #remembered<K>(memory: Recent<K, Sight>, key: K, text: string): Sight {
    const known = memory.get(key)
    if (known) return known
    const sight = lookAt(text, this.#detectors, this.#onBug)
    if (sight.unavailable.length === 0) memory.set(key, sight)
    return sight
  }

  async #lookAtLong(text: string): Promise<Sight> {
    return (await this.#onlooker?.look(text)) ?? this.#lookInTurns(text)
  }

  async #lookInTurns(text: string): Promise<Sight> {
    const pieces = new Pieces(text, this.#detectors)
    for (const piece of pieces.left())
      pieces.add(piece, await this.#inTurn(() => lookAt(piece.text, this.#detectors, this.#onBug)))
    return pieces.sight
  }

  /** One piece of all long texts in a turn of the event loop, however many there are: short ones have little to wait for. */
  async #inTurn<T>(look: () => T): Promise<T> {
    const mine = this.#lane.then(async () => nextTurn()).then(look)
    this.#lane = mine.catch(() => undefined)
    return mine
  }
}

interface How {
  /** Whether only our own detectors look. */
  readonly alone?: boolean
}

/** Characters of a text that is remembered as it is. */
const SHORT = 2_048
/** Characters of a text whose digest is remembered, which costs about a hundredth of looking at it. */
const REMEMBERED = 16 * 1_024

/** At once when it is there: most texts need not wait for a turn. */
function then<T, U>(value: T | Promise<T>, use: (value: T) => U | Promise<U>): U | Promise<U> {
  return value instanceof Promise ? value.then(use) : use(value)
}

function verdictOf(
  signals: readonly { readonly action: Action }[],
  unavailable: readonly string[],
  { mode }: GuardrailSettings,
): Action {
  if (unavailable.length > 0 && mode === 'hard_gate') return 'block'
  return signals.reduce<Action>((worst, { action }) => stronger(worst, action), 'allow')
}

function stronger(one: Action, other: Action): Action {
  return actions.indexOf(one) >= actions.indexOf(other) ? one : other
}

function placed({ metric, category, start, end, confidence, action, provider }: Signal, texts: JsonText): JsonSignal {
  const [first] = isOfAll({ start, end }, texts) ? [] : leavesAt(texts, start, end)
  const at = first ? pointerTo(first) : ''
  return { metric, category, at, confidence, action, ...(provider && { provider }) }
}

/** Whether a finding has no place of its own, since it is one of all texts together. */
function isOfAll({ start, end }: Pick<Finding, 'start' | 'end'>, { text, leaves }: JsonText): boolean {
  return start === 0 && end === text.length && leaves.length > 1
}

/** The value without everything that its signals say must be taken out. */
function withoutThese(value: JsonValue, texts: JsonText, signals: readonly Signal[]): JsonValue {
  const ofLeaf = new Map<Leaf, Finding[]>()
  for (const signal of signals) {
    if (signal.action !== 'redact') continue
    const ofAll = isOfAll(signal, texts)
    for (const leaf of leavesAt(texts, signal.start, signal.end)) {
      // Without their keys nobody could tell from one another what is left of the values.
      if (ofAll && leaf.isKey) continue
      const start = Math.max(signal.start, leaf.start) - leaf.start
      const end = Math.min(signal.end, leaf.end) - leaf.start
      if (start >= end) continue
      const findings = ofLeaf.get(leaf)
      if (findings) findings.push({ ...signal, start, end })
      else ofLeaf.set(leaf, [{ ...signal, start, end }])
    }
  }
  if (ofLeaf.size === 0) return value
  const replacements = new Map<Leaf, string>()
  for (const [leaf, findings] of ofLeaf)
    replacements.set(leaf, redacted(texts.text.slice(leaf.start, leaf.end), findings))
  return rewritten(value, replacements)
}

function byPlace(one: Signal, other: Signal): number {
  return one.start - other.start || one.end - other.end || (one.category < other.category ? -1 : 1)
}
