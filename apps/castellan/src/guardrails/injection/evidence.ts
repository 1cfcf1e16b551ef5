import { type Hit, Phrases, STEP, wordHash, type Words } from '../linear/index.ts'
import { type Category, cues, doubts } from './cues.ts'
import { foreignCues } from './foreign-cues.ts'
import { wordLists } from './word-lists.ts'

/** What speaks for and against an attack: cues, in English and elsewhere, then doubts. */
export const signs = [
  ...cues,
  ...foreignCues,
  ...doubts.map(({ points, phrases }) => ({ points: -points, phrases, category: null })),
]

/** Categories of deeds, which are the contrary of an attack when they come with a "never". */
const forbidden: ReadonlySet<Category | null> = new Set([
  'prompt-leak',
  'tool-hijack',
  'data-exfiltration-request',
  'instruction-override',
])
const negations = new Set(
  ['not', 'never', 'dont', 'cannot', 'cant', 'doesnt', 'mustnt', 'wont', 'nobody', 'no'].map(wordHash),
)

const signOf = Uint16Array.from(signs.flatMap(({ phrases }, sign) => phrases.map(() => sign)))
let phrases: Phrases | undefined

/** All phrases; reading them takes a while, so that is left to the first text that is looked at. */
function allPhrases(): Phrases {
  return (phrases ??= new Phrases(
    signs.flatMap(({ phrases }) => phrases),
    wordLists,
  ))
}

/** What a sign counts when it's seen again in the same window. */
const AGAIN = 0.25

/**
 * Where signs are seen in a text, as hits whose `phrase` is the number of the sign. What somebody is told not to do, and what stands in
 * quotation marks, is no sign: both are how honest texts speak of attacks.
 */
export function signsIn(text: string, words: Words): Hit[] {
  return allPhrases()
    .find(words, STEP)
    .flatMap(({ phrase, from, to }) => {
      const sign = signOf[phrase]!
      const { points, category } = signs[sign]!
      if (points > 0 && ((forbidden.has(category) && isNegated(words, from)) || isQuoted(text, words, from, to)))
        return []
      return [{ phrase: sign, from, to }]
    })
}

/** Adds up the points of signs in a window that moves to the right. */
export class Tally {
  first = 0
  last = 0
  #points = 0
  readonly #hits: readonly Hit[]
  readonly #counts: Uint32Array

  constructor(hits: readonly Hit[]) {
    this.#hits = hits
    this.#counts = new Uint32Array(hits.length === 0 ? 0 : signs.length)
  }

  /** The points of signs that begin in a stretch of words, which may not begin or end before the last one that was asked for. */
  of(from: number, to: number): number {
    const hits = this.#hits
    for (; this.last < hits.length && hits[this.last]!.from < to; this.last++) {
      const sign = hits[this.last]!.phrase
      this.#points += gain(sign, this.#counts[sign]!++)
    }
    for (; this.first < this.last && hits[this.first]!.from < from; this.first++) {
      const sign = hits[this.first]!.phrase
      this.#points -= gain(sign, --this.#counts[sign]!)
    }
    return this.#points
  }
}

/** What a sign adds that was seen so often before. */
function gain(sign: number, before: number): number {
  return before === 0 ? signs[sign]!.points : before === 1 ? AGAIN * signs[sign]!.points : 0
}

/** Whether one of the two words before a stretch denies it. */
function isNegated({ hashes }: Words, from: number): boolean {
  return (from > 0 && negations.has(hashes[from - 1]!)) || (from > 1 && negations.has(hashes[from - 2]!))
}

/** Whether quotation marks close in around a stretch, and it's not a value in JSON or code. */
function isQuoted(text: string, { starts, ends }: Words, from: number, to: number): boolean {
  const start = starts[from]!
  if (start === 0 || !QUOTES.includes(text[start - 1]!)) return false
  if (/[:=([,]\s?$/.test(text.slice(Math.max(0, start - 3), start - 1))) return false
  return /^[.,!?…]?["'“”„»’`]/.test(text.slice(ends[to - 1], ends[to - 1]! + 2))
}

const QUOTES = '"\'“”„«‘`'
