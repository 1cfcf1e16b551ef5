import { type Hit, Phrases, type Profile, STEP, type Words } from '../linear/index.ts'
import { cues, doubts } from './cues.ts'
import { foreignCues } from './foreign-cues.ts'
import { wordLists } from './word-lists.ts'

/** From this many points on a window is believed to be an attack. */
export const ENOUGH = 10

/** Words in a row that together look like an attack. */
export interface Suspicion {
  /** Half open, in words. */
  readonly from: number
  readonly to: number
  readonly points: number
  /** The signs that were seen, the weightiest first. */
  readonly seen: readonly Hit[]
}

/** What speaks for and against an attack: cues, in English and elsewhere, then doubts. */
export const signs = [...cues, ...foreignCues, ...doubts.map(({ points, phrases }) => ({ points: -points, phrases }))]

const signOf = Uint16Array.from(signs.flatMap(({ phrases }, sign) => phrases.map(() => sign)))
const phrases = new Phrases(
  signs.flatMap(({ phrases }) => phrases),
  wordLists,
)

/** Lengths of windows in which signs add up, in steps: a remark, a prompt, a long prompt. */
const LENGTHS = [2, 8, 24] as const
/** What a sign counts when it's seen again in the same window. */
const AGAIN = 0.25
/** Doubts never take away more than this. */
const MOST_DOUBT = 8
/** What the score of the model counts, and its bounds. */
const MODEL = { factor: 0.9, least: -4, most: 7 }

/** Where signs are seen, as hits whose `phrase` is the number of the sign. */
export function signsIn(words: Words): Hit[] {
  return phrases.find(words).map(({ phrase, from, to }) => ({ phrase: signOf[phrase]!, from, to }))
}

/** Windows with enough evidence, the weightiest of those that overlap. */
export function suspicions(words: Words, hits: readonly Hit[], profile: Profile | null, enough = ENOUGH): Suspicion[] {
  const found: { from: number; to: number; points: number; first: number; last: number }[] = []
  const counts = new Uint32Array(signs.length)
  const steps = Math.ceil(words.count / STEP)
  for (const length of LENGTHS) {
    let [first, last, evidence, doubt] = [0, 0, 0, 0]
    counts.fill(0)
    for (let step = 0; step === 0 || step + length <= steps; step++) {
      const end = Math.min(step + length, steps)
      for (; last < hits.length && hits[last]!.from < end * STEP; last++) {
        const sign = hits[last]!.phrase
        const count = counts[sign]!++
        const { points } = signs[sign]!
        const change = count === 0 ? points : count === 1 ? AGAIN * points : 0
        if (points > 0) evidence += change
        else doubt -= change
      }
      for (; first < last && hits[first]!.from < step * STEP; first++) {
        const sign = hits[first]!.phrase
        const count = --counts[sign]!
        const { points } = signs[sign]!
        const change = count === 0 ? points : count === 1 ? AGAIN * points : 0
        if (points > 0) evidence -= change
        else doubt += change
      }
      const opinion = profile ? Math.max(MODEL.least, Math.min(MODEL.most, profile.score(step, end))) : 0
      const points = evidence - Math.min(doubt, MOST_DOUBT) + MODEL.factor * opinion
      if (points >= enough) found.push({ from: step * STEP, to: Math.min(end * STEP, words.count), points, first, last })
    }
  }
  return weightiest(found).map(({ from, to, points, first, last }) => ({
    from,
    to,
    points,
    seen: hits.slice(first, last).sort((a, b) => signs[b.phrase]!.points - signs[a.phrase]!.points),
  }))
}

function weightiest<T extends { from: number; to: number; points: number }>(windows: readonly T[]): T[] {
  const kept: T[] = []
  for (const next of windows.toSorted((a, b) => a.from - b.from || b.to - a.to)) {
    const last = kept.at(-1)
    if (!last || next.from >= last.to) kept.push(next)
    else if (next.points > last.points) kept[kept.length - 1] = next
  }
  return kept
}
