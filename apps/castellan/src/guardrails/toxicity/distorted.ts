import { type Words, wordHash } from '../linear/index.ts'
import { kindOf } from './vocabulary.ts'

/** So coarse that they are meant wherever they are part of a longer word. */
const stems = ['fuck', 'bitch', 'asshole', 'faggot', 'nigger', 'cocksuck', 'shithead', 'dickhead']

/**
 * Kinds of words that are no words: run together (`fuckyouall`), or with letters drawn out (`stuuupid`). Calls `found` with the word and
 * its kind.
 */
export function readDistorted(text: string, words: Words, found: (word: number, kind: number) => void): void {
  readGlued(text, words, found)
  readDrawnOut(words, found)
}

function readGlued(text: string, words: Words, found: (word: number, kind: number) => void): void {
  const small = text.toLowerCase()
  // A few letters of other languages have a longer small form, which would shift what follows.
  if (small.length !== text.length) return
  for (const stem of stems) {
    const kind = kindOf.get(wordHash(stem))
    for (let at = small.indexOf(stem); at >= 0; at = small.indexOf(stem, at + stem.length)) {
      const word = wordAt(words, at)
      if (word !== null && kindOf.get(words.hashes[word]!) === 0) found(word, kind)
    }
  }
}

function readDrawnOut(words: Words, found: (word: number, kind: number) => void): void {
  const { letters } = words
  let last = 0
  let run = 1
  for (let at = 0; at < letters.length; at++) {
    const letter = letters[at]!
    if (letter !== last) {
      last = letter
      run = 1
      continue
    }
    if (++run !== 3 || letter < FIRST_LETTER) continue
    const word = wordAt(words, at)
    const kind = word === null ? 0 : kindDrawnOut(words, word)
    if (word !== null && kind !== 0) found(word, kind)
  }
}

/** The kind of a word once each run of a letter is one letter, or two, as in `assss`. */
function kindDrawnOut({ letters, starts, ends }: Words, word: number): number {
  if (ends[word]! - starts[word]! > LONGEST) return 0
  const written = String.fromCharCode(...letters.subarray(starts[word], ends[word]))
  return (
    kindOf.get(wordHash(written.replaceAll(/(.)\1+/gu, '$1'))) || kindOf.get(wordHash(written.replaceAll(/(.)\1{2,}/gu, '$1$1')))
  )
}

/** What is longer is no word. */
const LONGEST = 40
/** Below are signs and digits. */
const FIRST_LETTER = 0x61

/** The word around a place in the text, by halving; null when no word is there. */
function wordAt({ count, starts, ends }: Words, at: number): number | null {
  let low = 0
  let high = count - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (starts[middle]! <= at) low = middle
    else high = middle - 1
  }
  return count > 0 && starts[low]! <= at && at < ends[low]! ? low : null
}
