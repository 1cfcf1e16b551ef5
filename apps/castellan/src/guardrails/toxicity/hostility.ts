import type { Weights } from '../linear/index.ts'
import { MOST_FEATURES, sentenceFeatures } from './features.ts'
import type { Reading } from './reading.ts'
import { kindNames } from './vocabulary.ts'

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

/** Who is spoken to, and who is spoken of. */
const SOMEBODY = 3
/** Kinds that are cues where somebody is spoken of, though they speak for nothing. */
const cueing = kindNames.reduce(
  (bits, name, index) => (name === 'violence' || name === 'group' ? bits | (2 << index) : bits),
  0,
)

/**
 * Whether a sentence has anything to be hostile with: a word that speaks for it, or somebody and a word that hostility uses. Whom a
 * sentence speaks to says nothing by itself, and what was learned of a few thousand sentences is no ground to suspect any other word.
 */
export function hasCue({ priors, kinds, hints, speakers }: Reading, from: number, to: number): boolean {
  let speaking = 0
  let cue = false
  for (let word = from; word < to; word++) {
    if (priors[word]! > 0) return true
    speaking |= speakers[word]!
    cue ||= hints[word] !== 0 || (cueing & (1 << kinds[word]!)) !== 0
  }
  return cue && (speaking & SOMEBODY) !== 0
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

  /** No sentence without a cue is hostile. */
  score(reading: Reading, from: number, to: number): number {
    if (!hasCue(reading, from, to)) return -Infinity
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
