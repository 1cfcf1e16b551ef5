import { BUCKETS } from '../../../apps/castellan/src/guardrails/linear/index.ts'
import { MOST_FEATURES, sentenceFeatures } from '../../../apps/castellan/src/guardrails/toxicity/features.ts'
import { hasCue, priorOf } from '../../../apps/castellan/src/guardrails/toxicity/hostility.ts'
import { reading } from '../../../apps/castellan/src/guardrails/toxicity/reading.ts'
import type { Example } from '../corpus.ts'
import { type Learned, logistic } from '../learn.ts'
import { random, shuffled } from '../random.ts'

interface Sentence {
  readonly prior: number
  readonly buckets: Uint16Array
  /** Whether it has anything to be hostile with. */
  readonly cue: boolean
}

/** A comment as the model sees it: its sentences. */
export interface Comment {
  readonly guilty: boolean
  readonly sentences: readonly Sentence[]
}

/** What decides how well a model does on what it never saw; found by holding families back. */
const EPOCHS = 8
const RATE = 0.3
const DECAY = 1e-2

export function commentOf({ text, guilty }: Example): Comment {
  const read = reading(text)
  const into = new Uint16Array(MOST_FEATURES)
  const sentences = Array.from({ length: read.sentenceCount }, (_, index) => {
    const [from, to] = [read.sentences[index]!, read.sentences[index + 1]!]
    const size = sentenceFeatures(read, from, to, into)
    return { prior: priorOf(read, from, to), buckets: into.slice(0, size), cue: hasCue(read, from, to) }
  })
  return { guilty, sentences }
}

/**
 * Logistic regression by AdaGrad, of what is left to explain once the words have spoken for themselves. A comment is as hostile as its
 * most hostile sentence, so that is the sentence learned from, be there a cue in it or not: the words around cues are learned there, too.
 */
export function learn(comments: readonly Comment[], seed: string): Learned {
  const chance = random(seed)
  const weights = new Float64Array(BUCKETS)
  const squares = new Float64Array(BUCKETS).fill(1e-2)
  let bias = -1
  let biasSquares = 1e-2
  const guilty = comments.filter(comment => comment.guilty).length
  const share = { guilty: comments.length / (2 * guilty), innocent: comments.length / (2 * (comments.length - guilty)) }
  for (let epoch = 0; epoch < EPOCHS; epoch++) {
    for (const comment of shuffled(comments, chance)) {
      const { score, sentence } = worst({ weights, bias }, comment)
      if (!sentence) continue
      const error = (logistic(score) - (comment.guilty ? 1 : 0)) * (comment.guilty ? share.guilty : share.innocent)
      biasSquares += error * error
      bias -= (0.1 * error) / Math.sqrt(biasSquares)
      const gradient = error / Math.sqrt(sentence.buckets.length)
      for (const bucket of sentence.buckets) {
        const slope = gradient + DECAY * weights[bucket]!
        squares[bucket] = squares[bucket]! + slope * slope
        weights[bucket] = weights[bucket]! - (RATE * slope) / Math.sqrt(squares[bucket])
      }
    }
  }
  return { weights, bias }
}

/** What a comment scores in which no sentence has a cue: less than any other. */
export const SILENT = -5

/** The score of a comment, which is that of its most hostile sentence with a cue, as the detector looks at no others. */
export function scoreOf(learned: Learned, { guilty, sentences }: Comment): number {
  const { score, sentence } = worst(learned, { guilty, sentences: sentences.filter(({ cue }) => cue) })
  return sentence ? score : SILENT
}

/** The most hostile sentence of a comment. */
function worst({ weights, bias }: Learned, { sentences }: Comment): { score: number; sentence: Sentence | null } {
  let result: ReturnType<typeof worst> = { score: bias, sentence: null }
  for (const sentence of sentences) {
    let sum = 0
    for (const bucket of sentence.buckets) sum += weights[bucket]!
    const score = sentence.prior + bias + sum / Math.sqrt(sentence.buckets.length)
    if (!result.sentence || score > result.score) result = { score, sentence }
  }
  return result
}
