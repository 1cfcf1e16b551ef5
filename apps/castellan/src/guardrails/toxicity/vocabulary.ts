import { createHash } from 'node:crypto'
import { wordHash } from '../linear/index.ts'
import { type Category, type KindName, kinds } from './kinds.ts'
import { english } from './lexicon/english.ts'
import { type Entries, expanded } from './lexicon/entries.ts'
import { otherLanguages } from './lexicon/other-languages.ts'
import { hints } from './lexicon/hints.ts'
import { harmless, phrases } from './lexicon/phrases.ts'
import { Lookup } from './lookup.ts'
import { speakers } from './speakers.ts'

/** Kinds by number, from 1 on; 0 is a word that is of none. */
export const kindNames: readonly KindName[] = Object.keys(kinds) as KindName[]

/** Words of the longest phrase. */
export const LONGEST_PHRASE = 6

export interface Phrase {
  /** Null when the words are harmless together. */
  readonly category: Category | null
  readonly prior: number
  readonly length: number
}

/** Phrases by number, from 1 on. */
export const phraseTable: Phrase[] = []
/** Numbers of phrases, by {@link chained} hashes of their words. */
export const phraseOf = new Lookup()

/**
 * All that is known of a word, by its hash and in one number, since every word of every text is looked up: its kind in the lowest four
 * bits, the speakers it speaks of in the next four, above them the lengths of the phrases that end in it, and on top whether it hints.
 */
const known = new Lookup()
const HINT = 1 << 15

for (const [category, prior, list] of phrases) addPhrases(list, category, prior)
addPhrases(harmless, null, 0)
for (const [index, words] of speakers.entries()) for (const word of expanded(words)) add(word, 1 << (4 + index))
addKinds([english, otherLanguages])
for (const word of expanded(hints)) add(word, HINT)

/** What is known of a word, to be taken apart by {@link kindIn}, {@link speakersIn} and {@link lengthsIn}. */
export function knownOf(hash: number): number {
  return known.get(hash)
}

export function kindIn(known: number): number {
  return known & 15
}

export function speakersIn(known: number): number {
  return (known >> 4) & 15
}

/** A bit for each length, in words. */
export function lengthsIn(known: number): number {
  return (known >> 8) & 127
}

/** Whether the word is one of `hints`. */
export function hintsIn(known: number): boolean {
  return (known & HINT) !== 0
}

/** The number of a word's kind, by the hash of the word. */
export function kindOf(hash: number): number {
  return kindIn(known.get(hash))
}

/** Changes with every word and phrase that is listed. */
export const VOCABULARY: string = createHash('sha256')
  .update(JSON.stringify([kinds, speakers, english, otherLanguages, phrases, harmless, hints]))
  .digest('hex')
  .slice(0, 8)

/** The hash of words in a row, from that of all but the last. */
export function chained(before: number, word: number): number {
  return Math.imul(before ^ (before >>> 15), 0x2c1b3c6d) ^ word
}

function addKinds(lists: readonly Entries[]): void {
  for (const [index, name] of kindNames.entries()) {
    for (const word of lists.flatMap(entries => expanded(entries[name] ?? ''))) {
      if (kindOf(wordHash(word)) === 0) add(word, index + 1)
    }
  }
}

function addPhrases(list: string, category: Category | null, prior: number): void {
  for (const phrase of list.split('|')) {
    const words = expanded(phrase)
    phraseTable.push({ category, prior, length: words.length })
    phraseOf.set(words.map(wordHash).reduce(chained, 0), phraseTable.length)
    add(words.at(-1)!, 1 << (8 + words.length))
  }
}

function add(word: string, bits: number): void {
  const hash = wordHash(word)
  known.set(hash, known.get(hash) | bits)
}
