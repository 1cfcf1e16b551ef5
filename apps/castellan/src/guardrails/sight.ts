import type { Detector } from './detector.ts'
import type { Finding } from './finding.ts'
import type { Views } from './view.ts'
import { viewsOf } from './views/views-of.ts'

/** What was seen in a text, and who did not work on it. */
export interface Sight {
  readonly findings: readonly Finding[]
  /** Names of detectors and providers. */
  readonly unavailable: readonly string[]
}

/** Told of detectors that throw; a sight only has their names. */
export type OnBug = (error: unknown) => void

/** Characters that are looked at in one go, which takes some milliseconds. */
export const WINDOW = 64 * 1024
/** Longer than anything that is found as one. */
const OVERLAP = 4 * 1024
/** Of a text that is longer nobody can say what is in it: its end is not looked at. */
const LONGEST = 16 * 1024 * 1024

/** What all detectors see in a text, or a piece of one, looked at in one go. */
export function lookAt(text: string, detectors: readonly Detector[], onBug: OnBug): Sight {
  let views: Views
  try {
    views = viewsOf(text)
  } catch (error) {
    onBug(error)
    return { findings: [], unavailable: detectors.map(({ name }) => name) }
  }
  const unavailable = new Set<string>()
  const findings = detectors.flatMap(detector => {
    try {
      return detector.find(views)
    } catch (error) {
      onBug(error)
      unavailable.add(detector.name)
      return []
    }
  })
  return { findings, unavailable: [...unavailable] }
}

/** As {@link lookAt}, for a text of any length: piece by piece when it is long. */
export function lookAtAll(text: string, detectors: readonly Detector[], onBug: OnBug): Sight {
  if (text.length <= WINDOW) return lookAt(text, detectors, onBug)
  const pieces = new Pieces(text, detectors)
  for (const piece of pieces.left()) pieces.add(piece, lookAt(piece.text, detectors, onBug))
  return pieces.sight
}

interface Piece {
  readonly from: number
  readonly text: string
}

/** The pieces of a long text; they overlap, so that what stands where one ends is seen in the next. */
export class Pieces {
  readonly #text: string
  readonly #detectors: readonly Detector[]
  readonly #findings = new Map<string, Finding>()
  readonly #unavailable = new Set<string>()

  constructor(text: string, detectors: readonly Detector[]) {
    this.#text = text
    this.#detectors = detectors
  }

  *left(): Generator<Piece> {
    for (let from = 0, end = 0; end < this.#text.length; from += WINDOW - OVERLAP) {
      if (from >= LONGEST) {
        for (const { name } of this.#detectors) this.#unavailable.add(name)
        return
      }
      end = Math.min(this.#text.length, from + WINDOW)
      yield { from, text: this.#text.slice(from, end) }
    }
  }

  add({ from }: Piece, { findings, unavailable }: Sight): void {
    for (const name of unavailable) this.#unavailable.add(name)
    for (const found of findings) {
      const moved = { ...found, start: found.start + from, end: found.end + from }
      this.#findings.set(`${moved.category} ${moved.start} ${moved.end}`, moved)
    }
  }

  get sight(): Sight {
    return { findings: [...this.#findings.values()], unavailable: [...this.#unavailable] }
  }
}
