import { createHash } from 'node:crypto'
import { wordHash } from '../linear/index.ts'
import { type Category, type KindName, kinds } from './kinds.ts'
import { english } from './lexicon/english.ts'
import { type Entries, expanded } from './lexicon/entries.ts'
import { otherLanguages } from './lexicon/other-languages.ts'
import { harmless, phrases } from './lexicon/phrases.ts'
import { Lookup } from './lookup.ts'

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

/** Kinds of words, as numbers, by the hash of the word. */
export const kindOf: Lookup = lookupOfKinds([english, otherLanguages])

/** Phrases by number, from 1 on. */
export const phraseTable: Phrase[] = []
/** Numbers of phrases, by {@link chained} hashes of their words. */
export const phraseOf = new Lookup()
/** Lengths of the phrases that end in a word, as bits, by the hash of the word. */
export const phrasesEndingIn = new Lookup()

for (const [category, prior, list] of phrases) addPhrases(list, category, prior)
addPhrases(harmless, null, 0)

/** Changes with every word and phrase that is listed. */
export const VOCABULARY: string = createHash('sha256')
  .update(JSON.stringify([kinds, english, otherLanguages, phrases, harmless]))
  .digest('hex')
  .slice(0, 8)

/** The hash of words in a row, from that of all but the last. */
export function chained(before: number, word: number): number {
  return Math.imul(before ^ (before >>> 15), 0x2c1b3c6d) ^ word
}

function lookupOfKinds(lists: readonly Entries[]): Lookup {
  const lookup = new Lookup()
  for (const [index, name] of kindNames.entries()) {
    for (const entries of lists) {
      for (const word of expanded(entries[name] ?? '')) {
        const hash = wordHash(word)
        if (lookup.get(hash) === 0) lookup.set(hash, index + 1)
      }
    }
  }
  return lookup
}

function addPhrases(list: string, category: Category | null, prior: number): void {
  for (const phrase of list.split('|')) {
    const words = phrase.trim().split(/\s+/).map(wordHash)
    const last = words.at(-1)!
    phraseTable.push({ category, prior, length: words.length })
    phraseOf.set(words.reduce(chained, 0), phraseTable.length)
    phrasesEndingIn.set(last, phrasesEndingIn.get(last) | (1 << words.length))
  }
}
