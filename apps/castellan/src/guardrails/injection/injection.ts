import { createHash } from 'node:crypto'
import type { Detector } from '../detector.ts'
import type { Finding } from '../finding.ts'
import { Model } from '../linear/index.ts'
import type { View, Views } from '../view.ts'
import { wordsIn } from '../words-in.ts'
import { signs } from './evidence.ts'
import { ideaModel } from './idea-model.ts'
import { ideaWeights } from './idea-weights.ts'
import { ideas } from './ideas.ts'
import { readingOf } from './reading.ts'
import { type Suspicion, suspicions } from './suspicions.ts'
import { weights } from './weights.ts'
import { wordLists } from './word-lists.ts'

const modelOfWords = new Model(weights)
const modelOfIdeas = ideaModel(ideaWeights)
const { believed, sure } = ideaWeights

/** Changes with the code of this folder and of `linear/`; tables and weights count by themselves. */
const CODE = 2

/**
 * Sees texts that want to steer a model: orders that set aside the ones it has, personas without rules, bans on refusing, questions for
 * the hidden prompt, and instructions planted where an agent reads. Three opinions add up, window by window: cues that were written down,
 * a linear model of the ideas that attacks are made of, whatever their wording, and one of words.
 */
export const injectionDetector: Detector = {
  name: 'injection',
  version: createHash('sha256')
    .update(JSON.stringify([CODE, signs, wordLists, weights, ideas, ideaWeights]))
    .digest('hex')
    .slice(0, 12),
  metric: 'injection',
  find: views => distinct(toLookAt(views).flatMap(findingsIn)),
}

/**
 * The text as a reader sees it, and everything that was decoded or spelled out; as given only where there are tags, whose comments and
 * attributes no reader sees and a model does.
 */
function toLookAt({ text, all }: Views): View[] {
  const isNormalised = all.some(({ through }) => through.length === 1 && through[0] === 'normalised')
  return all.filter(({ through }) => through.length > 0 || !isNormalised || text.includes('<'))
}

function findingsIn(view: View): Finding[] {
  const words = wordsIn(view)
  const found = suspicions(words, readingOf(view.text, words), modelOfIdeas, modelOfWords.profile(words), believed)
  return found.flatMap(suspicion =>
    stretches(suspicion).map(({ category, from, to }) => ({
      metric: 'injection',
      category,
      ...view.original(words.starts[from]!, words.ends[to - 1]!),
      confidence: confidence(suspicion.score),
    })),
  )
}

interface Stretch {
  readonly category: string
  readonly from: number
  readonly to: number
}

/** What each category that says something by itself was seen in; when none does, the window as a whole. */
function stretches({ from, to, seen }: Suspicion): Stretch[] {
  const found: Stretch[] = []
  for (const [category, hits] of Map.groupBy(seen, ({ phrase }) => signs[phrase]!.category)) {
    const points = new Set(hits.map(({ phrase }) => phrase))
      .values()
      .reduce((sum, sign) => sum + signs[sign]!.points, 0)
    if (category === null || points < TELLING) continue
    found.push({
      category,
      from: Math.min(...hits.map(({ from }) => from)),
      to: Math.max(...hits.map(({ to }) => to)),
    })
  }
  return found.length > 0 ? found : [{ category: 'jailbreak-like', from, to }]
}

/** Points from which a category is named. */
const TELLING = 5

/** Half sure at what is just believed, and three quarters at what is as good as sure. */
function confidence(score: number): number {
  return Math.round(1000 / (1 + Math.exp((-Math.log(3) * (score - believed)) / (sure - believed)))) / 1000
}

/** The same stretch may be seen in several views; the surest finding of a category counts. */
function distinct(findings: readonly Finding[]): Finding[] {
  const surest = new Map<string, Finding>()
  for (const finding of findings) {
    const key = `${finding.category} ${finding.start} ${finding.end}`
    const known = surest.get(key)
    if (!known || known.confidence < finding.confidence) surest.set(key, finding)
  }
  return [...surest.values()].sort((a, b) => a.start - b.start || a.end - b.end || (a.category < b.category ? -1 : 1))
}
