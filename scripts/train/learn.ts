import {
  bucketsOf,
  BUCKETS,
  MOST_PER_WORD,
  STEP,
  WINDOWS,
  wordsOf,
} from '../../apps/castellan/src/guardrails/linear/index.ts'
import type { Example } from './corpus.ts'
import { random, shuffled } from './random.ts'

/** Weights before they are rounded. */
export interface Learned {
  readonly weights: Float64Array
  readonly bias: number
}

/** An example as the model sees it. */
export interface Reading {
  readonly guilty: boolean
  readonly weight: number
  /** The buckets of all words, and where in them each step begins and the last one ends. */
  readonly buckets: Uint16Array
  readonly steps: readonly number[]
}

/** What decides how well a model does on what it never saw; found by holding families back. */
const EPOCHS = 14
const RATE = 0.35
const DECAY = 3e-6
/** What a composed example counts against a written one: its parts are seen again and again. */
const COMPOSED = 0.25

/** Reads an example once for all the times it is learned from. */
export function reading({ text, guilty, written }: Example): Reading {
  const words = wordsOf(text)
  const all: number[] = []
  const steps = [0]
  const into = new Uint16Array(STEP * MOST_PER_WORD)
  for (let from = 0; from < words.count; from += STEP) {
    const size = bucketsOf(words, from, Math.min(from + STEP, words.count), into)
    for (let index = 0; index < size; index++) all.push(into[index]!)
    steps.push(all.length)
  }
  return { guilty, weight: written ? 1 : COMPOSED, buckets: Uint16Array.from(all), steps }
}

/**
 * Logistic regression by AdaGrad. A text is as guilty as its guiltiest window, so that is the window learned from: what is innocent in
 * guilty texts does no harm, and innocent texts are learned where they are hardest. Only additions, multiplications, divisions and
 * square roots, in an order that is always the same, so every machine comes to the same weights.
 */
export function learn(readings: readonly Reading[], seed: string): Learned {
  const chance = random(seed)
  const weights = new Float64Array(BUCKETS)
  const squares = new Float64Array(BUCKETS).fill(1e-2)
  let bias = 0
  let biasSquares = 1e-2
  const share = balance(readings)
  for (let epoch = 0; epoch < EPOCHS; epoch++) {
    for (const each of shuffled(readings, chance)) {
      const { from, to, score } = guiltiest({ weights, bias }, each)
      const size = to - from
      if (size === 0) continue
      const error =
        (logistic(score) - (each.guilty ? 1 : 0)) * each.weight * (each.guilty ? share.guilty : share.innocent)
      biasSquares += error * error
      bias -= (0.1 * error) / Math.sqrt(biasSquares)
      const gradient = error / Math.sqrt(size)
      for (let index = from; index < to; index++) {
        const bucket = each.buckets[index]!
        const slope = gradient + DECAY * weights[bucket]!
        squares[bucket] = squares[bucket]! + slope * slope
        weights[bucket] = weights[bucket]! - (RATE * slope) / Math.sqrt(squares[bucket])
      }
    }
  }
  return { weights, bias }
}

/** The window with the highest score, as a stretch of buckets. */
export function guiltiest(
  { weights, bias }: Learned,
  { buckets, steps }: Reading,
): { from: number; to: number; score: number } {
  const count = steps.length - 1
  const sums = new Float64Array(count + 1)
  for (let step = 0; step < count; step++) {
    let sum = sums[step]!
    for (let index = steps[step]!; index < steps[step + 1]!; index++) sum += weights[buckets[index]!]!
    sums[step + 1] = sum
  }
  let best = { from: 0, to: 0, score: bias }
  for (const length of WINDOWS) {
    for (let step = 0; step < count && (step === 0 || step + length <= count); step++) {
      const end = Math.min(step + length, count)
      const from = steps[step]!
      const to = steps[end]!
      const score = bias + (sums[end]! - sums[step]!) / Math.sqrt(Math.max(to - from, 1))
      if (best.to === 0 || score > best.score) best = { from, to, score }
    }
  }
  return best
}

/** The logistic function, of operations that every machine rounds alike: `exp` is not one of them. */
export function logistic(score: number): number {
  let power = 1 - Math.max(-30, Math.min(30, score)) / 1024
  for (let squaring = 0; squaring < 10; squaring++) power *= power
  return 1 / (1 + power)
}

/** Both kinds count the same, however many there are of each. */
function balance(readings: readonly Reading[]): { guilty: number; innocent: number } {
  let guilty = 0
  let innocent = 0
  for (const reading of readings) {
    if (reading.guilty) guilty += reading.weight
    else innocent += reading.weight
  }
  const all = guilty + innocent
  return { guilty: all / (2 * Math.max(guilty, 1)), innocent: all / (2 * Math.max(innocent, 1)) }
}
