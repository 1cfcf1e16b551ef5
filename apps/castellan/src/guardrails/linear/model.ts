import { bucketsOf, BUCKETS, MOST_PER_WORD } from './buckets.ts'
import type { Words } from './words.ts'

/** What training leaves behind, as it is written into a file. */
export interface Weights {
  /** A digest of the data and of how features are made: what these weights are of. */
  readonly trainedOn: string
  /** A signed byte for each bucket, in base64. */
  readonly weights: string
  /** What a byte counts. */
  readonly unit: number
  readonly bias: number
  /** From which score on a window is believed; chosen in training, by what was held back. */
  readonly threshold: number
  /** Confidence is the logistic function of `slope * score + intercept`. */
  readonly slope: number
  readonly intercept: number
}

/** Words in a row of which the model thinks the same. */
export interface Stretch {
  /** Half open, in words. */
  readonly from: number
  readonly to: number
  readonly score: number
}

/** What a model thinks of a text, part by part. */
export interface Profile {
  /** How many steps of {@link STEP} words the text has; the last one may be shorter. */
  readonly steps: number
  /** The score of the steps from `from` up to `to`. */
  score(from: number, to: number): number
}

/** Words in a step: windows begin and end only at its multiples. */
export const STEP = 16
/** Lengths of windows, in steps: a remark that was slipped in, and a whole prompt. */
export const WINDOWS = [2, 8] as const

/**
 * Logistic regression over hashed features, by window: what stands in the middle of a long text is found as if it stood alone, and
 * long innocent texts do not add up to a guilty one.
 */
export class Model {
  readonly threshold: number
  readonly #trained: Weights
  readonly #weights: Int8Array
  readonly #buckets = new Uint16Array(STEP * MOST_PER_WORD)

  constructor(trained: Weights) {
    this.#trained = trained
    this.threshold = trained.threshold
    this.#weights = new Int8Array(Buffer.from(trained.weights, 'base64'))
    if (this.#weights.length !== BUCKETS) throw new Error(`${this.#weights.length} weights for ${BUCKETS} buckets`)
  }

  /** Stretches of windows whose score reaches a threshold, from left to right and never overlapping. */
  stretches(words: Words, threshold = this.threshold): Stretch[] {
    const profile = this.profile(words)
    const found: Stretch[] = []
    for (const length of WINDOWS) {
      for (let step = 0; step === 0 || step + length <= profile.steps; step++) {
        const end = Math.min(step + length, profile.steps)
        const score = profile.score(step, end)
        if (score >= threshold) found.push({ from: step * STEP, to: Math.min(end * STEP, words.count), score })
      }
    }
    return merged(found)
  }

  /** The highest score of any window. */
  highest(words: Words): number {
    return Math.max(...this.stretches(words, -Infinity).map(({ score }) => score))
  }

  /** From 0 to 1: how sure one may be of a score. */
  confidence(score: number): number {
    return 1 / (1 + Math.exp(-(this.#trained.slope * score + this.#trained.intercept)))
  }

  /** What the model thinks of each part of a text; only parts that are asked for are read. */
  profile(words: Words): Profile {
    const steps = Math.ceil(words.count / STEP)
    // Of each step the sum of its weights, and one more than the number of its features: 0 is a step that was not read yet.
    let sums = NONE
    let sizes = NONE
    const { bias, unit } = this.#trained
    return {
      steps,
      score: (from, to) => {
        if (sizes === NONE) {
          sums = new Int32Array(steps)
          sizes = new Int32Array(steps)
        }
        let sum = 0
        let size = 0
        for (let step = from; step < to; step++) {
          if (sizes[step] === 0) this.#read(words, step, sums, sizes)
          sum += sums[step]!
          size += sizes[step]! - 1
        }
        return bias + (unit * sum) / Math.sqrt(Math.max(size, 1))
      },
    }
  }

  #read(words: Words, step: number, sums: Int32Array, sizes: Int32Array): void {
    const weights = this.#weights
    const buckets = this.#buckets
    const from = step * STEP
    const size = bucketsOf(words, from, Math.min(from + STEP, words.count), buckets)
    let sum = 0
    for (let index = 0; index < size; index++) sum += weights[buckets[index]!]!
    sums[step] = sum
    sizes[step] = size + 1
  }
}

const NONE = new Int32Array(0)

function merged(stretches: readonly Stretch[]): Stretch[] {
  const result: Stretch[] = []
  for (const next of stretches.toSorted((a, b) => a.from - b.from || a.to - b.to)) {
    const last = result.at(-1)
    if (!last || next.from >= last.to) result.push(next)
    else
      result[result.length - 1] = {
        from: last.from,
        to: Math.max(last.to, next.to),
        score: Math.max(last.score, next.score),
      }
  }
  return result
}
