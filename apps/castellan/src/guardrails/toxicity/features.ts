import { BUCKETS, type Words } from '../linear/index.ts'
import { LONGEST_SENTENCE, type Reading } from './reading.ts'
import { speakers as allSpeakers } from './speakers.ts'
import { kindNames, phraseTable } from './vocabulary.ts'

/** Changes whenever some sentence would fall into other buckets than before, which makes every trained weight meaningless. */
export const SENTENCE_FEATURES = 2

/** What a feature is about; equal numbers of different features fall into different buckets. */
const about = {
  kind: 0,
  word: 1,
  pair: 2,
  stem: 3,
  phrase: 4,
  kindAndSpeaker: 5,
  kindAndKind: 6,
  kindAlone: 7,
  kindAgain: 8,
  length: 9,
} as const

const SPEAKERS = allSpeakers.length

/** Features that a sentence has at most: five of each word, and those of all kinds at once. */
export const MOST_FEATURES = LONGEST_SENTENCE * 5 + kindNames.length * (kindNames.length + SPEAKERS + 3) + 2

/** Kinds whose words are never looked at one by one, as bits: who is spoken of must not matter. */
const facelessKinds = kindNames.reduce(
  (bits, name, index) => (name === 'group' || name === 'public' || name === 'number' ? bits | (2 << index) : bits),
  0,
)

/** Stands before the first word and behind the last. */
const EDGE = 0x5f3759df
/** The bit behind those of the speakers: somebody may be quoted. */
const QUOTES = 1 << SPEAKERS
/** Letters of a stem. */
const STEM = 5

/**
 * The features of a sentence, each as the bucket it falls into, written to `into`; how many there are. There are words, how they begin,
 * and pairs in which a word of a kind is its kind; phrases; and which kinds stand together in a sentence that speaks of whom.
 */
export function sentenceFeatures(reading: Reading, from: number, to: number, into: Uint16Array): number {
  const { words, kinds, speakers, phrases, text } = reading
  const { hashes, starts, ends } = words
  let size = 0
  let speaking = hasQuotes(text, starts[from]!, ends[to - 1]!) ? QUOTES : 0
  let seen = 0
  let again = 0
  let before = EDGE
  for (let word = from; word < to; word++) {
    const hash = hashes[word]!
    const kind = kinds[word]!
    let token = hash
    if (kind !== 0) {
      again |= seen & (1 << kind)
      seen |= 1 << kind
      token = Math.imul(kind, 0x632be5ab)
      into[size++] = bucket(token, about.kind)
    }
    if ((facelessKinds & (1 << kind)) === 0) {
      into[size++] = bucket(hash, about.word)
      into[size++] = bucket(stemHash(words, word), about.stem)
    }
    into[size++] = bucket(paired(before, token), about.pair)
    if (phrases[word] !== 0) into[size++] = bucket(phraseHash(phrases[word]!), about.phrase)
    speaking |= speakers[word]!
    before = token
  }
  into[size++] = bucket(paired(before, EDGE), about.pair)
  into[size++] = bucket(32 - Math.clz32(to - from), about.length)
  return seen === 0 ? size : kindFeatures(seen, again, speaking, into, size)
}

/** Adds features of the kinds that were seen, once or again, in a sentence that speaks of some. */
function kindFeatures(seen: number, again: number, speaking: number, into: Uint16Array, from: number): number {
  let size = from
  for (let kind = 1; kind <= kindNames.length; kind++) {
    if ((seen & (1 << kind)) === 0) continue
    if ((again & (1 << kind)) !== 0) into[size++] = bucket(kind, about.kindAgain)
    if (speaking === 0) into[size++] = bucket(kind, about.kindAlone)
    for (let speaker = 0; speaker <= SPEAKERS; speaker++) {
      if ((speaking & (1 << speaker)) !== 0) into[size++] = bucket(kind * 64 + speaker, about.kindAndSpeaker)
    }
    for (let other = kind + 1; other <= kindNames.length; other++) {
      if ((seen & (1 << other)) !== 0) into[size++] = bucket(kind * 64 + other, about.kindAndKind)
    }
  }
  return size
}

function hasQuotes(text: string, from: number, to: number): boolean {
  for (let at = Math.max(0, from - 1); at <= to; at++) {
    const unit = text.charCodeAt(at)
    if (unit === 0x22 || unit === 0x201c || unit === 0x201d || unit === 0xab) return true
  }
  return false
}

function paired(before: number, token: number): number {
  return Math.imul(before, 0x2c1b3c6d) ^ token
}

/** How a word begins: inflections of a word begin alike. */
function stemHash({ starts, ends, letters }: Words, word: number): number {
  const start = starts[word]!
  const end = Math.min(ends[word]!, start + STEM)
  let hash = 0
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ letters[at]!, 0x01000193)
  return hash
}

/** Equal for phrases that say the same kind of thing as strongly. */
function phraseHash(phrase: number): number {
  const { category, prior } = phraseTable[phrase - 1]!
  return Math.imul((category?.charCodeAt(0) ?? 0) * 31 + (category?.length ?? 0), 0x297a2d39) + Math.round(prior * 10)
}

const SHIFT = 32 - Math.log2(BUCKETS)

/** The upper bits of a product depend on all bits of the number. */
function bucket(number: number, what: number): number {
  const mixed = number ^ (number >>> 15) ^ Math.imul(what + 1, 0x3c6ef372)
  return Math.imul(mixed ^ (mixed >>> 13), 0x9e3779b1 | 0) >>> SHIFT
}
