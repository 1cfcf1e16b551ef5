import type { Weights } from '../linear/index.ts'
import { MOST_FEATURES, sentenceFeatures } from './features.ts'
import type { Reading } from './reading.ts'

/** What words beside the strongest one add, and the most that they add. */
const REST = 0.3
const MOST_REST = 1.5

/** What the words of a sentence speak for by themselves: the strongest, and a little of the rest. */
export function priorOf({ priors }: Reading, from: number, to: number): number {
  let strongest = 0
  let sum = 0
  for (let word = from; word < to; word++) {
    const prior = priors[word]!
    if (prior === 0) continue
    sum += prior
    if (prior > strongest) strongest = prior
  }
  return strongest + Math.min(MOST_REST, REST * (sum - strongest))
}

/**
 * How hostile a sentence is, as log odds: what its words speak for by themselves, corrected by what was learned of the sentences they
 * stand in.
 */
export class Hostility {
  readonly threshold: number
  readonly #trained: Weights
  readonly #weights: Int8Array
  readonly #buckets = new Uint16Array(MOST_FEATURES)

  constructor(trained: Weights) {
    this.#trained = trained
    this.threshold = trained.threshold
    this.#weights = new Int8Array(Buffer.from(trained.weights, 'base64'))
  }

  score(reading: Reading, from: number, to: number): number {
    const { unit, bias } = this.#trained
    const weights = this.#weights
    const buckets = this.#buckets
    const size = sentenceFeatures(reading, from, to, buckets)
    let sum = 0
    for (let index = 0; index < size; index++) sum += weights[buckets[index]!]!
    return priorOf(reading, from, to) + bias + (unit * sum) / Math.sqrt(size)
  }

  /** From 0 to 1: how sure one may be of a score. */
  confidence(score: number): number {
    const { slope, intercept } = this.#trained
    return 1 / (1 + Math.exp(-(slope * score + intercept)))
  }
}
