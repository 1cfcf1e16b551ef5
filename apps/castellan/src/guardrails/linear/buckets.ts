import { JOINT } from './letters.ts'
import type { Words } from './words.ts'

/** Into how many buckets features fall; a weight for each is what a model is. */
export const BUCKETS = 1 << 15
/** How many features a word has at most. */
export const MOST_PER_WORD = 60

/** Changes whenever some text would fall into other buckets than before, which makes every trained weight meaningless. */
export const FEATURES = 1

/**
 * The features of the words from `from` up to `to`, each as the bucket it falls into, written to `into`; how many there are.
 * Features are words alone, in pairs and in threes, and letters in threes and in fours inside of a word with its bounds: the first
 * say what is said, the second recognise it misspelled and inflected.
 */
export function bucketsOf(words: Words, from: number, to: number, into: Uint16Array): number {
  const { hashes, starts, ends, letters } = words
  let size = 0
  let before = from > 0 ? hashes[from - 1]! : 0
  let twoBefore = from > 1 ? hashes[from - 2]! : 0
  for (let word = from; word < to; word++) {
    const hash = hashes[word]!
    const pair = Math.imul(before, 0x2c1b3c6d) ^ hash
    const three = Math.imul(twoBefore, 0x297a2d39) ^ pair
    into[size++] = spread(hash)
    into[size++] = spread(pair + 0x3c6ef372)
    into[size++] = spread(three + 0x1b873593)
    twoBefore = before
    before = hash

    const start = starts[word]!
    const end = Math.min(ends[word]!, start + LONGEST_WORD)
    // A word of two letters is its own and only part.
    if (end - start < 3) continue
    let last = EDGE
    let at = start
    for (; at <= end; at++) {
      const letter = at < end ? letters[at]! : EDGE
      if (letter <= JOINT) continue
      last = (last << 8) ^ letter
      if (at === start) continue
      into[size++] = spread((last & 0xffffff) ^ 0x51000000)
      if (at > start + 1) into[size++] = spread(last)
    }
  }
  return size
}

/** Letters beyond these are not looked at: what is longer is no word but data. */
const LONGEST_WORD = 24
/** Stands for the bounds of a word among its letters. */
const EDGE = 0x5f

/** The upper bits of a product depend on all bits of the number. */
function spread(number: number): number {
  return Math.imul(number ^ (number >>> 15), 0x9e3779b1 | 0) >>> 17
}
