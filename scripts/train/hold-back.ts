import { ideaModel } from '../../apps/castellan/src/guardrails/injection/idea-model.ts'
import { guiltiestScore } from '../../apps/castellan/src/guardrails/injection/suspicions.ts'
import { Model, wordsOf } from '../../apps/castellan/src/guardrails/linear/index.ts'
import type { Example } from './corpus.ts'
import { guiltiest, learn, type Reading } from './learn.ts'
import { chains, ideaReading, type IdeaReading, learnIdeas } from './learn-ideas.ts'
import { rounded, roundedIdeas } from './weights-file.ts'

/** How an example did in a model that saw nothing of its family. */
export interface Trial {
  readonly example: Example
  readonly score: number
}

/** Families are spread over so many parts, and each part is judged by a model of the others. */
const PARTS = 10

/** What the models of a metric are trained on. */
export interface Readings {
  readonly examples: readonly Example[]
  readonly words: readonly Reading[]
  readonly ideas: readonly IdeaReading[]
  /** Long innocent texts. */
  readonly chains: readonly { readonly family: string; readonly words: Reading; readonly ideas: IdeaReading }[]
}

/** Reads all that models learn from, once. */
export function readingsOf(examples: readonly Example[], reading: (example: Example) => Reading): Readings {
  return {
    examples,
    words: examples.map(reading),
    ideas: examples.map(ideaReading),
    chains: chains(examples).map(chain => ({ family: chain.family, words: reading(chain), ideas: ideaReading(chain) })),
  }
}

/** Every written example, judged by models that were trained without its whole family: by the model of words alone, and by both. */
export function trials({ examples, words, ideas, chains }: Readings): { words: Trial[]; together: Trial[] } {
  const parts = partOf(examples)
  const result: { words: Trial[]; together: Trial[] } = { words: [], together: [] }
  for (let part = 0; part < PARTS; part++) {
    const isKept = ({ family }: { readonly family: string }): boolean => parts.get(family) !== part
    const seed = `without ${part}`
    const keptChains = chains.filter(isKept)
    const ofWords = learn(
      [...words.filter((_, index) => isKept(examples[index]!)), ...keptChains.map(chain => chain.words)],
      seed,
    )
    const keptIdeas = [...ideas.filter((_, index) => isKept(examples[index]!)), ...keptChains.map(chain => chain.ideas)]
    const ofIdeas = ideaModel(roundedIdeas(learnIdeas(keptIdeas, seed)))
    const model = new Model({ trainedOn: '', threshold: 0, slope: 1, intercept: 0, ...rounded(ofWords) })
    for (const [index, example] of examples.entries()) {
      if (!example.written || isKept(example)) continue
      result.words.push({ example, score: guiltiest(ofWords, words[index]!).score })
      const score = guiltiestScore(ideas[index]!.reading, ofIdeas, model.profile(wordsOf(example.text)))
      result.together.push({ example, score })
    }
  }
  return result
}

/** The share of trials that are guilty, or are not, whose score is at least this. */
export function shareFrom(threshold: number, trials: readonly Trial[], guilty: boolean): number {
  const those = trials.filter(({ example }) => example.guilty === guilty)
  return those.filter(({ score }) => score >= threshold).length / those.length
}

/**
 * The lowest threshold at which no more than this share of innocent trials is found guilty. A score that many share may not be
 * exceeded by more than the share, either.
 */
export function thresholdFor(trials: readonly Trial[], share: number): number {
  const innocent = trials
    .filter(({ example }) => !example.guilty)
    .map(({ score }) => score)
    .sort((a, b) => b - a)
  return innocent[Math.floor(innocent.length * share)]! + 1e-6
}

/** Slope and intercept that turn scores into probabilities (Platt 1999), by Newton's method; both kinds count the same. */
export function calibration(trials: readonly Trial[]): { slope: number; intercept: number } {
  let slope = 1
  let intercept = 0
  const guilty = trials.filter(({ example }) => example.guilty).length
  for (let turn = 0; turn < 50; turn++) {
    let [gradient0, gradient1, curve00, curve01, curve11] = [0, 0, 1e-6, 0, 1e-6]
    for (const { example, score } of trials) {
      const weight = example.guilty ? 1 / guilty : 1 / (trials.length - guilty)
      const probability = sigmoid(slope * score + intercept)
      const error = weight * (probability - (example.guilty ? 1 : 0))
      const curve = weight * probability * (1 - probability)
      gradient0 += error
      gradient1 += error * score
      curve00 += curve
      curve01 += curve * score
      curve11 += curve * score * score
    }
    const determinant = curve00 * curve11 - curve01 * curve01
    intercept -= (curve11 * gradient0 - curve01 * gradient1) / determinant
    slope -= (curve00 * gradient1 - curve01 * gradient0) / determinant
  }
  return { slope, intercept }
}

function sigmoid(score: number): number {
  return 1 / (1 + Math.exp(-score))
}

/** Guilty and innocent families in turns, the largest first, so that parts are alike; always the same way. */
function partOf(examples: readonly Example[]): Map<string, number> {
  const sizes = new Map<string, number>()
  for (const { family, written } of examples) sizes.set(family, (sizes.get(family) ?? 0) + (written ? 1 : 0.2))
  const guilty = new Map(examples.map(({ family, guilty }) => [family, guilty]))
  const parts = new Map<string, number>()
  for (const kind of [true, false]) {
    const families = [...sizes]
      .filter(([family]) => guilty.get(family) === kind)
      .sort(([a, sizeA], [b, sizeB]) => sizeB - sizeA || (a < b ? -1 : 1))
    for (const [index, [family]] of families.entries()) parts.set(family, index % PARTS)
  }
  return parts
}
