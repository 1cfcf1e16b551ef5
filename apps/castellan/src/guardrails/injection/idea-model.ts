import { IDEA_FEATURES, IDEAS, OFTEN, often } from './idea-features.ts'
import type { Reading } from './reading.ts'

/** What training leaves behind, as it is written into a file. */
export interface IdeaWeights {
  /** A digest of the data and of how features are made: what these weights are of. */
  readonly trainedOn: string
  /** A signed byte for each feature, in base64. */
  readonly weights: string
  /** What a byte counts. */
  readonly unit: number
  /** By the length of a window. */
  readonly bias: readonly number[]
  /** The scores from which an attack is believed, and from which it is as good as sure. */
  readonly believed: number
  readonly sure: number
  /** Of families that no model had seen: the share of attacks that is believed and sure, and of innocent texts. */
  readonly heldBack: {
    readonly recall: readonly [believed: number, sure: number]
    readonly falseAlarms: readonly [believed: number, sure: number]
  }
}

/** Weights that can be used, as they are read or while they are learned. */
export interface IdeaModel {
  readonly bias: readonly number[]
  readonly weights: Float64Array
}

/** Weights as they were written, ready to be used. */
export function ideaModel({ weights, unit, bias }: Pick<IdeaWeights, 'weights' | 'unit' | 'bias'>): IdeaModel {
  const bytes = new Int8Array(Buffer.from(weights, 'base64'))
  if (bytes.length !== IDEA_FEATURES) throw new Error(`${bytes.length} weights for ${IDEA_FEATURES} features`)
  return { weights: Float64Array.from(bytes, byte => byte * unit), bias }
}

/** Windows with fewer features are not scored higher for it. */
export const FEW = 48
/** What a point of cues and doubts counts, and beyond how many they say nothing more. */
const POINT = 0.12
const MOST_EVIDENCE = 30
const MOST_DOUBT = 20

/**
 * The score of each window of a reading: logistic regression over the features that it has, with the points of its cues and doubts on
 * top unless it is to be learned what can be told without.
 */
export function ideaScores(
  { windows, features: { all, starts } }: Reading,
  { weights, bias }: IdeaModel,
  withCues = true,
): Float64Array {
  const scores = new Float64Array(windows.length)
  let sum = 0
  let size = 0
  let first = 0
  let next = 0
  for (let index = 0; index < windows.length; index++) {
    const { from, to, length, evidence, doubt } = windows[index]!
    const begin = starts[from]!
    const end = starts[to]!
    // Windows of the next length begin at the left again.
    if (from === 0) {
      counts.fill(0)
      sum = size = first = next = 0
    }
    for (; next < end; next++) {
      const feature = all[next]!
      const now = ++counts[feature]!
      if (now === 1) {
        sum += weights[feature]!
        size++
      } else if (now === OFTEN && feature < IDEAS) sum += weights[often(feature)]!
    }
    for (; first < begin; first++) {
      const feature = all[first]!
      const left = --counts[feature]!
      if (left === 0) {
        sum -= weights[feature]!
        size--
      } else if (left === OFTEN - 1 && feature < IDEAS) sum -= weights[often(feature)]!
    }
    const points = withCues ? Math.min(MOST_EVIDENCE, evidence) + Math.max(-MOST_DOUBT, doubt) : 0
    scores[index] = bias[length]! + sum / Math.sqrt(Math.max(FEW, size)) + POINT * points
  }
  counts.fill(0)
  return scores
}

/** How often each feature is in the window that is looked at; nothing, between readings. */
const counts = new Int32Array(IDEA_FEATURES)
