import { type Digest, digestJson } from '../kernel/index.ts'
import type { Detector } from './detector.ts'
import type { Finding, Metric } from './finding.ts'
import { redacted } from './redacted.ts'
import { actionFor, type GuardrailWish, settingsFor } from './settings.ts'
import { type Action, actions, type Signal, type Stage } from './signal.ts'
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

  /** `onBug` is told of detectors that throw; the scan only has their names. */
  constructor(detectors: readonly Detector[], onBug: (error: unknown) => void = () => undefined) {
    this.#detectors = detectors
    this.#onBug = onBug
  }

  scan(text: string, stage: Stage, wish: GuardrailWish = {}): Scan {
    const settings = settingsFor(wish)
    const unavailable: string[] = []
    const findings = this.#findings(text, unavailable)
    const signals = findings
      .map(finding => ({ ...finding, action: actionFor(finding.metric, finding.confidence, stage, settings) }))
      .sort(byPlace)
    const worst = Math.max(0, ...new Set(signals.map(({ action }) => actions.indexOf(action))))
    const blind = unavailable.length > 0 && settings.mode === 'hard_gate'
    return { verdict: blind ? 'block' : actions[worst]!, signals, redacted: redacted(text, findings), unavailable }
  }

  get providers(): readonly Provider[] {
    return this.#detectors.map(({ name, metric, version }) => ({ name, metric, version }))
  }

  /** Over the detectors and the settings: two scans of one text under the same digest find the same. */
  digest(wish: GuardrailWish = {}): Digest {
    return digestJson({ providers: this.providers, settings: settingsFor(wish) })
  }

  #findings(text: string, unavailable: string[]): Finding[] {
    let views: Views
    try {
      views = viewsOf(text)
    } catch (error) {
      this.#onBug(error)
      unavailable.push(...this.#detectors.map(({ name }) => name))
      return []
    }
    return this.#detectors.flatMap(detector => {
      try {
        return detector.find(views)
      } catch (error) {
        this.#onBug(error)
        unavailable.push(detector.name)
        return []
      }
    })
  }
}

function byPlace(one: Signal, other: Signal): number {
  return one.start - other.start || one.end - other.end || (one.category < other.category ? -1 : 1)
}
