import { type Words, wordHash } from '../linear/index.ts'
import { kindOf } from './vocabulary.ts'

/** So coarse that they are meant wherever they are part of a longer word. */
const stems = ['fuck', 'bitch']

/** In the ways they are usually written, with their kinds: looked for in the text as it is, which costs next to nothing. */
const spellings = stems.flatMap(stem => {
  const kind = kindOf(wordHash(stem))
  return [stem, stem.toUpperCase(), stem[0]!.toUpperCase() + stem.slice(1)].map(spelling => ({ spelling, kind }))
})

/** What is longer is no word. */
const LONGEST = 40
/** Below are signs and digits. */
const FIRST_LETTER = 0x61

/**
 * Kinds of words that are no words: run together (`fuckyouall`), or with letters drawn out (`stuuupid`). Calls `found` with the word and
 * its kind.
 */
export function readDistorted(text: string, words: Words, found: (word: number, kind: number) => void): void {
  readGlued(text, words, found)
  readDrawnOut(words, found)
}

function readGlued(text: string, words: Words, found: (word: number, kind: number) => void): void {
  for (const { spelling, kind } of spellings) {
    for (let at = text.indexOf(spelling); at >= 0; at = text.indexOf(spelling, at + spelling.length)) {
      const word = wordAt(words, at)
      // What the vocabulary knows it knows better.
      if (word !== null && kindOf(words.hashes[word]!) === 0) found(word, kind)
    }
  }
}

function readDrawnOut(words: Words, found: (word: number, kind: number) => void): void {
  const { letters } = words
  // Of three letters in a row every second one has an equal letter beside it, so the others need no look.
  for (let at = 1; at < letters.length; at += 2) {
    const letter = letters[at]!
    const before = letter === letters[at - 1]
    const behind = letter === letters[at + 1]
    if ((!before && !behind) || letter < FIRST_LETTER) continue
    if (!(before && (behind || letter === letters[at - 2])) && !(behind && letter === letters[at + 2])) continue
    const word = wordAt(words, at)
    if (word === null) continue
    const kind = kindDrawnOut(words, word)
    if (kind !== 0) found(word, kind)
    // A word is asked for once, however long its runs are.
    at = Math.max(at, words.ends[word]! - 2) | 1
  }
}

/** The kind of a word with each long run of a letter as one, as two, or with every run as one: `faaat`, `asssshole`, `looseeer`. */
function kindDrawnOut({ letters, starts, ends }: Words, word: number): number {
  const [start, end] = [starts[word]!, ends[word]!]
  if (end - start > LONGEST) return 0
  const written = String.fromCharCode(...letters.subarray(start, end))
  return (
    kindOf(wordHash(written.replaceAll(/(.)\1{2,}/gu, '$1'))) ||
    kindOf(wordHash(written.replaceAll(/(.)\1{2,}/gu, '$1$1'))) ||
    kindOf(wordHash(written.replaceAll(/(.)\1+/gu, '$1')))
  )
}

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
