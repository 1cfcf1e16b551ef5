import { type Hit, type Profile, STEP, type Words } from '../linear/index.ts'
import { signs } from './evidence.ts'
import { type IdeaModel, ideaScores } from './idea-model.ts'
import type { Reading, Window } from './reading.ts'

/** Words in a row that together look like an attack. */
export interface Suspicion {
  /** Half open, in words. */
  readonly from: number
  readonly to: number
  readonly score: number
  /** The cues that were seen, the weightiest first. */
  readonly seen: readonly Hit[]
}

/** What the model of words may say against the model of ideas, and for it. */
const LEAST_OPINION = -2
const MOST_OPINION = 2
/** Below these points of cues there might as well be none, and models have to be surer by so much. */
const FEW_POINTS = 5
const SURER = 1
/** So many points in the shortest window are what hardly anybody honest has, and models may be less sure by so much. */
const MANY_POINTS = 16
const LESS_SURE = 2.5

/** Windows that both models together score high enough, the highest of those that overlap. */
export function suspicions(
  words: Words,
  reading: Reading,
  model: IdeaModel,
  profile: Profile,
  enough: number,
): Suspicion[] {
  const found: { from: number; to: number; score: number; first: number; last: number }[] = []
  const scores = ideaScores(reading, model)
  for (const [index, window] of reading.windows.entries()) {
    const { from, to, first, last } = window
    const said = scores[index]! + bonus(window)
    // The model of words is dear, and not asked where no opinion of it would be enough.
    if (said + MOST_OPINION < enough) continue
    const score = said + opinion(profile, from, to)
    if (score < enough) continue
    found.push({ from: from * STEP, to: Math.min(to * STEP, words.count), score, first, last })
  }
  return highest(found).map(({ from, to, score, first, last }) => ({
    from,
    to,
    score,
    seen: reading.cues.slice(first, last).sort((a, b) => signs[b.phrase]!.points - signs[a.phrase]!.points),
  }))
}

/** The score of the window that looks guiltiest. */
export function guiltiestScore(reading: Reading, model: IdeaModel, profile: Profile): number {
  const scores = ideaScores(reading, model)
  return Math.max(
    ...reading.windows.map(
      (window, index) => scores[index]! + bonus(window) + opinion(profile, window.from, window.to),
    ),
  )
}

/** What speaks for or against a window for its cues alone. */
function bonus({ length, evidence, doubt }: Window): number {
  const points = evidence + doubt
  if (points < FEW_POINTS) return -SURER
  return length === 0 && points >= MANY_POINTS ? LESS_SURE : 0
}

function opinion(profile: Profile, from: number, to: number): number {
  return Math.max(LEAST_OPINION, Math.min(MOST_OPINION, profile.score(from, to)))
}

function highest<T extends { from: number; to: number; score: number }>(windows: readonly T[]): T[] {
  const kept: T[] = []
  for (const next of windows.toSorted((a, b) => a.from - b.from || b.to - a.to)) {
    const last = kept.at(-1)
    if (!last || next.from >= last.to) kept.push(next)
    else if (next.score > last.score) kept[kept.length - 1] = next
  }
  return kept
}
