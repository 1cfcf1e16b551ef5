import { JOINT, wordHash, type Words, wordsOf } from '../linear/index.ts'
import { type Category, type KindName, kinds } from './kinds.ts'
import { readDistorted } from './distorted.ts'
import { unmasked } from './unmasked.ts'
import {
  chained,
  hintsIn,
  kindIn,
  kindNames,
  knownOf,
  lengthsIn,
  LONGEST_PHRASE,
  phraseOf,
  phraseTable,
  speakersIn,
} from './vocabulary.ts'

/** Words in a sentence at most; what goes on longer is cut, so that one remark does not vanish in a long text. */
export const LONGEST_SENTENCE = 40

/** A text as its words, by kind, in sentences. Arrays by word are longer than `words.count`. */
export interface Reading {
  readonly words: Words
  readonly text: string
  /** Numbers of kinds, 0 for none. */
  readonly kinds: Uint8Array
  /** Whom the word speaks of, as bits by the order of `speakers`. */
  readonly speakers: Uint8Array
  /** How much the word, or the phrase that ends in it, speaks for hostility. */
  readonly priors: Float32Array
  /** 1 for words that hostility often uses without a hostile word. */
  readonly hints: Uint8Array
  /** The phrase that ends in the word, as its number; 0 for none. */
  readonly phrases: Uint16Array
  /** Where each sentence begins, in words, and the last one ends. */
  readonly sentences: Int32Array
  readonly sentenceCount: number
}

/** What is known of each kind before anything is learned, by number. */
const priorOf = Float32Array.from([0, ...kindNames.map(name => kinds[name].prior)])

/** Signs that stand between the words of programs, tables and references, and not between those of a phrase. */
const SEPARATING = '()[]{}<>=|:;/\\'

/** What of a word's prior is left when it stands in quotation marks by itself. */
const QUOTED = 0.3

/** Reads a text; `wordsOfGiven` are its words as it is given, which serve when no word of it is masked. */
export function reading(given: string, wordsOfGiven = () => wordsOf(given)): Reading {
  const text = unmasked(given)
  const words = text === given ? wordsOfGiven() : wordsOf(text)
  const { count, hashes } = words
  const kinds = new Uint8Array(count)
  const speakers = new Uint8Array(count)
  const priors = new Float32Array(count)
  const hints = new Uint8Array(count)
  const phrases = new Uint16Array(count)
  readDistorted(text, words, (word, kind) => (kinds[word] = kind))
  for (let word = 0; word < count; word++) {
    let known = knownOf(hashes[word]!)
    if (kindIn(known) !== 0 && isContraction(words, word)) {
      hashes[word] = beforeApostrophe(text, words, word)
      known = knownOf(hashes[word]!)
    }
    const kind = kindIn(known) || kinds[word]!
    if (known === 0 && kind === 0) continue
    speakers[word] = speakersIn(known)
    if (hintsIn(known)) hints[word] = 1
    if (kind !== 0) {
      kinds[word] = kind
      priors[word] = priorOf[kind]!
    }
    if (lengthsIn(known) !== 0) readPhrase(text, words, word, lengthsIn(known), { kinds, priors, phrases })
  }
  for (let word = 0; word < count; word++) {
    if (priors[word]! > 0 && isQuoted(text, words, word - phraseLength(phrases[word]!) + 1, word)) {
      priors[word] = priors[word]! * QUOTED
    }
  }
  return { words, text, kinds, speakers, priors, hints, phrases, ...sentencesOf(text, words) }
}

export function kindAt({ kinds }: Reading, word: number): KindName | null {
  return kindNames[kinds[word]! - 1] ?? null
}

/** The category of the word, or of the phrase that ends in it. */
export function categoryAt(reading: Reading, word: number): Category | null {
  const phrase = reading.phrases[word]!
  if (phrase !== 0) return phraseTable[phrase - 1]!.category
  const kind = kindAt(reading, word)
  return kind && kinds[kind].category
}

/** How many words the phrase with a number has; 1 for no phrase. */
export function phraseLength(phrase: number): number {
  return phrase === 0 ? 1 : phraseTable[phrase - 1]!.length
}

/** The longest phrase that ends in a word, if it says more than the word. */
function readPhrase(
  text: string,
  { hashes, starts, ends }: Words,
  word: number,
  lengths: number,
  { kinds, priors, phrases }: Pick<Reading, 'kinds' | 'priors' | 'phrases'>,
): void {
  for (let length = Math.min(LONGEST_PHRASE, word + 1); length > 0; length--) {
    if ((lengths & (1 << length)) === 0) continue
    let hash = 0
    for (let at = word - length + 1; at <= word; at++) hash = chained(hash, hashes[at]!)
    const number = phraseOf.get(hash)
    if (number === 0) continue
    const { category, prior } = phraseTable[number - 1]!
    if (category === null) {
      for (let at = word - length + 1; at <= word; at++) {
        kinds[at] = 0
        priors[at] = 0
        phrases[at] = 0
      }
      return
    }
    if (prior <= priors[word]! || !isInOneGo(text, starts, ends, word - length + 1, word)) continue
    phrases[word] = number
    priors[word] = prior
    return
  }
}

/** Whether words are said in one go: `(F) You` and `k = y.s` are no phrases. */
function isInOneGo(text: string, starts: Int32Array, ends: Int32Array, first: number, last: number): boolean {
  for (let word = first; word < last; word++) {
    for (let at = ends[word]!; at < starts[word + 1]!; at++) if (SEPARATING.includes(text[at]!)) return false
  }
  return true
}

/** Whether a word such as `who're` or `he'll` is two words, which without the apostrophe would be another one. */
function isContraction({ starts, ends, letters }: Words, word: number): boolean {
  const [start, end] = [starts[word]!, ends[word]!]
  const last = letters[end - 1]!
  if (letters[end - 2] === JOINT) return end - 2 > start && (last === 0x64 || last === 0x6d)
  const before = letters[end - 2]!
  if (letters[end - 3] !== JOINT || end - 3 <= start) return false
  // 'll, 're and 've.
  return (last === 0x6c && before === 0x6c) || (last === 0x65 && (before === 0x72 || before === 0x76))
}

/** The hash of the first word of a contraction. */
function beforeApostrophe(text: string, { starts, ends, letters }: Words, word: number): number {
  return wordHash(text.slice(starts[word], letters.lastIndexOf(JOINT, ends[word])))
}

function isQuoted(text: string, { starts, ends }: Words, first: number, last: number): boolean {
  return isQuote(text.charCodeAt(starts[first]! - 1)) && isQuote(text.charCodeAt(ends[last]!))
}

function isQuote(unit: number): boolean {
  return (
    unit === 0x22 ||
    unit === 0x27 ||
    unit === 0x60 ||
    (unit >= 0x2018 && unit <= 0x201f) ||
    unit === 0xab ||
    unit === 0xbb
  )
}

function sentencesOf(text: string, { count, starts, ends }: Words): Pick<Reading, 'sentences' | 'sentenceCount'> {
  const sentences = new Int32Array(count + 1)
  let sentenceCount = 0
  let first = 0
  for (let word = 0; word < count; word++) {
    const next = word + 1 < count ? starts[word + 1]! : text.length
    if (word + 1 < count && word - first + 1 < LONGEST_SENTENCE && !endsBetween(text, ends[word]!, next)) continue
    sentences[sentenceCount++] = first
    first = word + 1
  }
  sentences[sentenceCount] = count
  return { sentences, sentenceCount }
}

/** Whether a sentence or a line ends between two words: at a mark with something behind it that is no word, or at the line's end. */
function endsBetween(text: string, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    const unit = text.charCodeAt(at)
    if (unit === 0x0a || unit === 0x2026 || unit === 0x3002) return true
    if ((unit === 0x2e || unit === 0x21 || unit === 0x3f || unit === 0x3b) && at + 1 < to) return true
  }
  return false
}
