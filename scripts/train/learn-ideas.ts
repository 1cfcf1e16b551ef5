import { IDEA_FEATURES, IDEAS, OFTEN, often } from '../../apps/castellan/src/guardrails/injection/idea-features.ts'
import { FEW, type IdeaModel, ideaScores } from '../../apps/castellan/src/guardrails/injection/idea-model.ts'
import { LENGTHS, type Reading, readingOf } from '../../apps/castellan/src/guardrails/injection/reading.ts'
import { wordsOf } from '../../apps/castellan/src/guardrails/linear/index.ts'
import type { Example } from './corpus.ts'
import { logistic } from './learn.ts'
import { random, shuffled } from './random.ts'

/** What decides how well the model does on families it never saw; found by holding families back. */
const EPOCHS = 8
const RATE = 0.5
const DECAY = 3e-4
/** What a composed example counts against a written one. */
const COMPOSED = 0.25
/** How often an example is learned from without its cues: they were made for these very texts, and others will have fewer. */
const WITHOUT_CUES = 0.25
/** How many texts of a family make a long one, and how many times each is part of one. */
const CHAINED = 12
const CHAINS = 3
/** In how many families a feature must be for it to be learned. */
const FAMILIES = 4

/** An example, read once for all the times it is learned from. */
export interface IdeaReading {
  readonly guilty: boolean
  readonly family: string
  readonly weight: number
  readonly reading: Reading
}

export function ideaReading({ text, guilty, family, written }: Example): IdeaReading {
  return { guilty, family, weight: written ? 1 : COMPOSED, reading: readingOf(text, wordsOf(text)) }
}

/** Long innocent texts, each of several of a family: a page has many windows, and none of them may look guilty. */
export function chains(examples: readonly Example[]): Example[] {
  const innocent = examples.filter(({ guilty, written }) => !guilty && written)
  return [...Map.groupBy(innocent, ({ family }) => family)].flatMap(([family, members]) => {
    const chance = random(family)
    return Array.from({ length: CHAINS }, () => shuffled(members, chance)).flatMap(order =>
      Array.from({ length: Math.ceil(order.length / CHAINED) }, (_, chain) => ({
        guilty: false,
        family,
        written: false,
        text: order
          .slice(chain * CHAINED, (chain + 1) * CHAINED)
          .map(({ text }) => text)
          .join('\n\n'),
      })),
    )
  })
}

/**
 * Logistic regression by AdaGrad on the guiltiest window of each text; the mean of what was learned in the second half. Always the same
 * on every machine, like `learn`.
 */
export function learnIdeas(readings: readonly IdeaReading[], seed: string): IdeaModel {
  const chance = random(seed)
  const weights = new Float64Array(IDEA_FEATURES)
  const squares = new Float64Array(IDEA_FEATURES).fill(1e-2)
  const bias = LENGTHS.map(() => 0)
  const biasSquares = LENGTHS.map(() => 1e-2)
  const mean = { weights: new Float64Array(IDEA_FEATURES), bias: LENGTHS.map(() => 0) }
  const share = balance(readings)
  const turns = EPOCHS / 2
  const known = widespread(readings)
  for (let epoch = 0; epoch < EPOCHS; epoch++) {
    for (const each of shuffled(readings, chance)) {
      const withCues = chance() >= WITHOUT_CUES
      const scores = ideaScores(each.reading, { weights, bias }, withCues)
      const index = scores.indexOf(Math.max(...scores))
      if (index < 0) continue
      const window = each.reading.windows[index]!
      const error =
        (logistic(scores[index]!) - (each.guilty ? 1 : 0)) * each.weight * (each.guilty ? share.guilty : share.innocent)
      const { length } = window
      biasSquares[length]! += error * error
      bias[length]! -= (0.1 * error) / Math.sqrt(biasSquares[length]!)
      const features = featuresOf(each.reading, window.from, window.to)
      const gradient = error / Math.sqrt(Math.max(FEW, features.size))
      for (const feature of features.ids) {
        if (!known[feature]) continue
        const slope = gradient + DECAY * weights[feature]!
        squares[feature]! += slope * slope
        weights[feature]! -= (RATE * slope) / Math.sqrt(squares[feature]!)
      }
    }
    if (epoch < EPOCHS - turns) continue
    for (const [feature, weight] of weights.entries()) mean.weights[feature]! += weight / turns
    for (const [length, each] of bias.entries()) mean.bias[length]! += each / turns
  }
  return { weights: mean.weights, bias: mean.bias }
}

/** Which features enough families have: what only few have says more about them than about attacks. */
function widespread(readings: readonly IdeaReading[]): Uint8Array {
  const families = Array.from({ length: IDEA_FEATURES }, () => new Set<string>())
  for (const { family, reading } of readings)
    for (const feature of featuresOf(reading, 0, reading.features.starts.length - 1).ids) families[feature]!.add(family)
  return Uint8Array.from(families, ({ size }) => Number(size >= FAMILIES))
}

/** The features of steps, each once, and how many there are not counting what is seen often. */
function featuresOf({ features: { all, starts } }: Reading, from: number, to: number): { ids: number[]; size: number } {
  const counts = new Map<number, number>()
  for (const feature of all.subarray(starts[from], starts[to])) counts.set(feature, (counts.get(feature) ?? 0) + 1)
  const ids = [...counts.keys()]
  for (const [feature, count] of counts) if (feature < IDEAS && count >= OFTEN) ids.push(often(feature))
  return { ids, size: counts.size }
}

/** Both kinds count the same, however many there are of each. */
function balance(readings: readonly IdeaReading[]): { guilty: number; innocent: number } {
  let guilty = 0
  let innocent = 0
  for (const reading of readings) {
    if (reading.guilty) guilty += reading.weight
    else innocent += reading.weight
  }
  const all = guilty + innocent
  return { guilty: all / (2 * Math.max(guilty, 1)), innocent: all / (2 * Math.max(innocent, 1)) }
}
