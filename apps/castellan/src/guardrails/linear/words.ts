import { BREAK, JOINT, letterOf, standsAlone } from './letters.ts'

/**
 * The words of a text, read once for everybody who looks at words. A word is a run of letters and digits, whatever their case and
 * accents, or one ideograph; arrays are longer than `count`.
 */
export interface Words {
  readonly count: number
  /** Equal for equal words, see {@link wordHash}. */
  readonly hashes: Int32Array
  /** Where in the text a word is. */
  readonly starts: Int32Array
  readonly ends: Int32Array
  /** What each code unit of the text counts as, by `letterOf`. */
  readonly letters: Uint16Array
}

/** Reads the words of a text. */
export function wordsOf(text: string): Words {
  const length = text.length
  // One copy in native code, since asking a string for its code units one by one costs more than all the rest.
  const letters = new Uint16Array(length)
  Buffer.from(letters.buffer).write(text, 'utf16le')
  // Words of three letters and a space, and more room when they turn out shorter.
  let room = (length >> 2) + 16
  let hashes = new Int32Array(room)
  let starts = new Int32Array(room)
  let ends = new Int32Array(room)
  let count = 0
  let at = 0
  while (at < length) {
    let letter = letterOf[letters[at]!]!
    letters[at] = letter
    if (letter <= JOINT) {
      at++
      continue
    }
    if (count === room) {
      room *= 2
      hashes = grown(hashes, room)
      starts = grown(starts, room)
      ends = grown(ends, room)
    }
    starts[count] = at
    let hash = SEED
    if (standsAlone(letter)) {
      hash = Math.imul(hash ^ letter, PRIME)
      at++
    } else {
      for (;;) {
        if (letter !== JOINT) hash = Math.imul(hash ^ letter, PRIME)
        if (++at === length) break
        letter = letterOf[letters[at]!]!
        if (letter === BREAK || standsAlone(letter)) break
        letters[at] = letter
      }
    }
    hashes[count] = hash
    ends[count++] = at
  }
  return { count, hashes, starts, ends, letters }
}

/** The hash (FNV-1a over letters) of a single word, as it would be read in a text. */
export function wordHash(word: string): number {
  let hash = SEED
  for (let at = 0; at < word.length; at++) {
    const letter = letterOf[word.charCodeAt(at)]!
    if (letter !== BREAK && letter !== JOINT) hash = Math.imul(hash ^ letter, PRIME)
  }
  return hash
}

const SEED = 0x811c9dc5 | 0
const PRIME = 0x01000193

function grown(array: Int32Array<ArrayBuffer>, length: number): Int32Array<ArrayBuffer> {
  const more = new Int32Array(length)
  more.set(array)
  return more
}
