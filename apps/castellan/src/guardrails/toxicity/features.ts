import { BUCKETS } from '../linear/index.ts'
import { kindNames } from './vocabulary.ts'
import { phraseTable } from './vocabulary.ts'
import type { Reading } from './reading.ts'
import { speakerOf, SPEAKERS } from './speakers.ts'

/** Changes whenever some sentence would fall into other buckets than before, which makes every trained weight meaningless. */
export const SENTENCE_FEATURES = 1

/** Features of the longest sentence at most. */
export const MOST_FEATURES = 40 * 6 + 300

/** Words of these kinds are never looked at one by one: who is spoken of must not matter. */
const hiddenKinds = kindNames.reduce(
  (bits, name, index) =>
    name === 'group' || name === 'public' || name === 'number' ? bits | (1 << (index + 1)) : bits,
  0,
)

/**
 * The features of a sentence, each as the bucket it falls into, written to `into`; how many there are. A word with a kind is its kind
 * to all features but one. There are words, pairs, threes and pairs with a gap; and which kinds stand in a sentence that speaks of
 * whom.
 */
export function sentenceFeatures(
  { words: { hashes }, kinds, phrases, text, words }: Reading,
  from: number,
  to: number,
  into: Uint16Array,
): number {
  let size = 0
  let speaking = 0
  let seen = 0
  let again = 0
  let before = START
  for (let word = from; word < to; word++) {
    const hash = hashes[word]!
    const kind = kinds[word]!
    let token = hash
    if (kind !== 0) {
      again |= seen & (1 << kind)
      seen |= 1 << kind
      token = Math.imul(kind, 0x632be5ab)
      into[size++] = bucket(token, 0)
    }
    if ((hiddenKinds & (1 << kind)) === 0) into[size++] = bucket(hash, 1)
    const pair = Math.imul(before, 0x2c1b3c6d) ^ token
    into[size++] = bucket(pair, 2)
    speaking |= speakerOf.get(hash)
    if ((hiddenKinds & (1 << kind)) === 0) {
      const start = words.starts[word]!
      const end = Math.min(words.ends[word]!, start + 5)
      let stem = 0
      for (let at = start; at < end; at++) stem = Math.imul(stem ^ words.letters[at]!, 0x01000193)
      into[size++] = bucket(stem, 3)
    }
    if (phrases[word] !== 0) into[size++] = bucket(categoryHash(phrases[word]!), 5)
    before = token
  }
  into[size++] = bucket(Math.imul(before, 0x2c1b3c6d) ^ START, 2)
  if (hasQuotes(text, words.starts[from]!, words.ends[to - 1]!)) speaking |= QUOTES
  for (let kind = 1; kind <= kindNames.length; kind++) {
    if ((seen & (1 << kind)) === 0) continue
    if ((again & (1 << kind)) !== 0) into[size++] = bucket(kind, 10)
    for (let speaker = 0; speaker <= SPEAKERS; speaker++) {
      if ((speaking & (1 << speaker)) !== 0) into[size++] = bucket(kind * 64 + speaker, 6)
    }
    for (let other = kind + 1; other <= kindNames.length; other++) {
      if ((seen & (1 << other)) !== 0) into[size++] = bucket(kind * 64 + other, 7)
    }
    if (speaking === 0) into[size++] = bucket(kind, 8)
  }
  into[size++] = bucket(Math.min(6, 32 - Math.clz32(to - from)), 9)
  return size
}

/** Stands before the first word and behind the last. */
const START = 0x5f3759df
/** The bit behind those of the speakers: somebody may be quoted. */
const QUOTES = 1 << SPEAKERS

function hasQuotes(text: string, from: number, to: number): boolean {
  for (let at = Math.max(0, from - 1); at <= to; at++) {
    const unit = text.charCodeAt(at)
    if (unit === 0x22 || unit === 0x201c || unit === 0x201d || unit === 0xab) return true
  }
  return false
}

function categoryHash(phrase: number): number {
  const { category, prior } = phraseTable[phrase - 1]!
  return Math.imul((category?.charCodeAt(0) ?? 0) * 31 + (category?.length ?? 0), 0x297a2d39) + Math.round(prior * 10)
}

const SHIFT = 32 - Math.log2(BUCKETS)

/** The upper bits of a product depend on all bits of the number. */
function bucket(number: number, kind: number): number {
  const mixed = number ^ (number >>> 15) ^ Math.imul(kind + 1, 0x3c6ef372)
  return Math.imul(mixed ^ (mixed >>> 13), 0x9e3779b1 | 0) >>> SHIFT
}
