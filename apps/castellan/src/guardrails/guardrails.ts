import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Digest, digestJson, type JsonValue, Recent } from '../kernel/index.ts'
import type { Detector } from './detector.ts'
import type { Finding, Metric } from './finding.ts'
import { jsonText, type JsonText, type Leaf, leavesAt, pointerTo, rewritten } from './json-text.ts'
import { redacted } from './redacted.ts'
import { actionFor, canBeTakenOut, type GuardrailSettings, type GuardrailWish, settingsFor } from './settings.ts'
import { type Action, actions, type Signal, type Stage, stages } from './signal.ts'
import type { Views } from './view.ts'
import { viewsOf } from './views/views-of.ts'

/** What was found in one text, and what is to become of it. */
export interface Scan {
  /** The strongest action of all; `allow` when nothing has to be done. */
  readonly verdict: Action
  /** By their place in the text. */
  readonly signals: readonly Signal[]
  /** The text without personal data, secrets and ways out, whatever the verdict is: fit to be shown. */
  readonly redacted: string
  /** Names of detectors that did not work on this text. */
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
}

/** A detector, as those who operate it see it. */
export interface Provider {
  readonly name: string
  readonly metric: Metric
  readonly version: string
}

/** Detectors, and the modes that apply them. The same text, stage and settings always lead to the same scan. */
export class Guardrails {
  readonly #detectors: readonly Detector[]
  readonly #onBug: (error: unknown) => void
  /** Of short texts: the same is said often. */
  readonly #recent = new Recent<string, readonly Finding[]>(500)
  /** Settles when the piece of a long text that was asked for last has been looked at. */
  #lane: Promise<unknown> = Promise.resolve()

  /** `onBug` is told of detectors that throw; the scan only has their names. */
  constructor(detectors: readonly Detector[], onBug: (error: unknown) => void = () => undefined) {
    this.#detectors = detectors
    this.#onBug = onBug
  }

  scan(text: string, stage: Stage, wish: GuardrailWish = {}): Scan {
    const settings = settingsFor(wish, stage)
    const unavailable = new Set<string>()
    const findings = this.#findings(text, unavailable)
    const signals = findings.map(finding => ({ ...finding, action: actionFor(finding, stage, settings) })).sort(byPlace)
    return {
      verdict: verdictOf(signals, unavailable, settings),
      signals,
      redacted: redacted(text, findings),
      unavailable: [...unavailable],
    }
  }

  /**
   * Looks at all texts of a value as one. Of a long value the answer comes later, so that others get a turn meanwhile. With
   * `mustRedact` whatever can be taken out is, also where the settings would leave it.
   */
  scanJson(
    value: JsonValue,
    stage: Stage,
    wish: GuardrailWish = {},
    { mustRedact = false }: { readonly mustRedact?: boolean } = {},
  ): JsonScan | Promise<JsonScan> {
    const settings = settingsFor(wish, stage)
    const texts = jsonText(value)
    const unavailable = new Set<string>()
    const judged = (findings: readonly Finding[]): JsonScan => {
      const signals = findings.map(finding => {
        const action = actionFor(finding, stage, settings)
        return { ...finding, action: mustRedact && canBeTakenOut(finding.metric) ? stronger(action, 'redact') : action }
      })
      return {
        verdict: verdictOf(signals, unavailable, settings),
        signals: signals.sort(byPlace).map(signal => placed(signal, texts)),
        redacted: withoutThese(value, texts, signals),
        unavailable: [...unavailable],
      }
    }
    if (texts.text.length <= WINDOW) return judged(this.#findings(texts.text, unavailable))
    return this.#findingsInTurns(texts.text, unavailable).then(judged)
  }

  get providers(): readonly Provider[] {
    return this.#detectors.map(({ name, metric, version }) => ({ name, metric, version }))
  }

  /** Over the detectors and the settings: two scans of one text under the same digest find the same. */
  digest(wish: GuardrailWish = {}): Digest {
    const settings = Object.fromEntries(stages.map(stage => [stage, settingsFor(wish, stage)]))
    return digestJson({ providers: this.providers, settings })
  }

  #findings(text: string, unavailable: Set<string>): readonly Finding[] {
    const known = text.length <= SHORT ? this.#recent.get(text) : undefined
    if (known) return known
    let views: Views
    try {
      views = viewsOf(text)
    } catch (error) {
      this.#onBug(error)
      for (const { name } of this.#detectors) unavailable.add(name)
      return []
    }
    const failed = new Set<string>()
    const findings = this.#detectors.flatMap(detector => {
      try {
        return detector.find(views)
      } catch (error) {
        this.#onBug(error)
        failed.add(detector.name)
        return []
      }
    })
    for (const name of failed) unavailable.add(name)
    if (failed.size === 0 && text.length <= SHORT) this.#recent.set(text, findings)
    return findings
  }

  /** Piece by piece; the pieces overlap, so that what stands where one ends is seen in the next. */
  async #findingsInTurns(text: string, unavailable: Set<string>): Promise<readonly Finding[]> {
    const findings = new Map<string, Finding>()
    for (let from = 0, end = 0; end < text.length; from += WINDOW - OVERLAP) {
      if (from >= LONGEST) {
        for (const { name } of this.#detectors) unavailable.add(name)
        break
      }
      end = Math.min(text.length, from + WINDOW)
      const piece = text.slice(from, end)
      for (const found of await this.#inTurn(() => this.#findings(piece, unavailable))) {
        const moved = { ...found, start: found.start + from, end: found.end + from }
        findings.set(`${moved.category} ${moved.start} ${moved.end}`, moved)
      }
    }
    return [...findings.values()]
  }

  /** One piece of all long texts in a turn of the event loop, however many there are: short ones have little to wait for. */
  async #inTurn<T>(look: () => T): Promise<T> {
    const mine = this.#lane.then(async () => nextTurn()).then(look)
    this.#lane = mine.catch(() => undefined)
    return mine
  }
}

/** Characters that are looked at in one go, which takes some milliseconds. */
const WINDOW = 64 * 1024
/** Longer than anything that is found as one. */
const OVERLAP = 4 * 1024
/** Of a text that is longer nobody can say what is in it: its end is not looked at. */
const LONGEST = 16 * 1024 * 1024
/** Characters of a text that is remembered. */
const SHORT = 2_048

function verdictOf(
  signals: readonly { readonly action: Action }[],
  unavailable: ReadonlySet<string>,
  { mode }: GuardrailSettings,
): Action {
  if (unavailable.size > 0 && mode === 'hard_gate') return 'block'
  return signals.reduce<Action>((worst, { action }) => stronger(worst, action), 'allow')
}

function stronger(one: Action, other: Action): Action {
  return actions.indexOf(one) >= actions.indexOf(other) ? one : other
}

function placed({ metric, category, start, end, confidence, action }: Signal, texts: JsonText): JsonSignal {
  const [first] = leavesAt(texts, start, end)
  return { metric, category, at: first ? pointerTo(first) : '', confidence, action }
}

/** The value without everything that its signals say must be taken out. */
function withoutThese(value: JsonValue, texts: JsonText, signals: readonly Signal[]): JsonValue {
  const ofLeaf = new Map<Leaf, Finding[]>()
  for (const signal of signals) {
    if (signal.action !== 'redact') continue
    for (const leaf of leavesAt(texts, signal.start, signal.end)) {
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
