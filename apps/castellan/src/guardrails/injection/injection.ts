import { createHash } from 'node:crypto'
import type { Detector } from '../detector.ts'
import type { Finding } from '../finding.ts'
import { Model } from '../linear/index.ts'
import type { View, Views } from '../view.ts'
import { wordsIn } from '../words-in.ts'
import { ENOUGH, signs, signsIn, type Suspicion, suspicions } from './evidence.ts'
import { weights } from './weights.ts'
import { wordLists } from './word-lists.ts'

const model = new Model(weights)

/** Changes with the code of this folder and of `linear/`; tables and weights count by themselves. */
const CODE = 1

/**
 * Sees texts that want to steer a model: orders that set aside the ones it has, personas without rules, bans on refusing, questions for
 * the hidden prompt, and instructions planted where an agent reads. Phrases and a linear model each give points, by window; texts that
 * speak of such attacks lose some.
 */
export const injectionDetector: Detector = {
  name: 'injection',
  version: createHash('sha256')
    .update(JSON.stringify([CODE, signs, wordLists, weights]))
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
  const hits = signsIn(view.text, words)
  return suspicions(words, hits, model.profile(words)).flatMap(suspicion =>
    stretches(suspicion).map(({ category, from, to }) => ({
      metric: 'injection',
      category,
      ...view.original(words.starts[from]!, words.ends[to - 1]!),
      confidence: confidence(suspicion.points),
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

/** Half sure at what is just enough, and nearly sure at three times that. */
function confidence(points: number): number {
  return Math.round(1000 / (1 + Math.exp(-(points - ENOUGH) / 6))) / 1000
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
