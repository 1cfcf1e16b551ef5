import { surprise } from './letter-pairs.ts'

/** Runs of letters as they are spelled in names: `dbPassword` is two. */
const SPELLED = /[A-Z]?[a-z]+|[A-Z]+/g
/** Shorter runs happen by chance. */
const SHORTEST_WORD = 4
/** Bits for each letter up to which letters read as a word; short ones need to look more like it. */
const WORDLY = 4.9
const WORDLY_IF_SHORT = 4.6
const SHORT_WORD = 6

const HEX = /^(?:[0-9a-f]+|[0-9A-F]+)$/
const DIGITS = /^[0-9]+$/

/** How much of a value is words, from 0 to 1: about 1 for names and sentences, about 0.1 for what was drawn by lot. */
export function wordShare(value: string): number {
  let letters = 0
  let inWords = 0
  for (const run of value.match(SPELLED) ?? []) {
    letters += run.length
    if (readsAsWord(run)) inWords += run.length
  }
  return letters === 0 ? 0 : inWords / letters
}

export function readsAsWord(letters: string): boolean {
  if (letters.length < SHORTEST_WORD) return false
  return surprise(letters) < (letters.length < SHORT_WORD ? WORDLY_IF_SHORT : WORDLY)
}

/** Shannon's entropy of the characters of a value, in bits for each; characters that share their lower eight bits are one. */
export function entropy(value: string): number {
  for (let at = 0; at < value.length; at++) counts[value.charCodeAt(at) & 255]!++
  let sum = 0
  for (let at = 0; at < value.length; at++) sum += Math.log2(counts[value.charCodeAt(at) & 255]!)
  for (let at = 0; at < value.length; at++) counts[value.charCodeAt(at) & 255] = 0
  return Math.log2(value.length) - sum / value.length
}

/** All 0 between two calls. */
const counts = new Uint32Array(256)

/** Whether a value looks drawn by lot from letters and digits: neither words, nor a number, nor a repetition. */
export function looksRandom(value: string): boolean {
  if (value.length < 8 || DIGITS.test(value)) return false
  const fewest = HEX.test(value)
    ? Math.min(2.9, Math.log2(value.length) * 0.7)
    : Math.min(3.3, Math.log2(value.length) * 0.75)
  return entropy(value) >= fewest && wordShare(value) < 0.5
}

/** Whether a value counts up, letter by letter and digit by digit, as what people type to fill a field: `abcdef123456`. */
export function countsUp(value: string): boolean {
  let steps = 0
  for (let at = 1; at < value.length; at++) {
    const step = (value.charCodeAt(at) | 32) - (value.charCodeAt(at - 1) | 32)
    if (step === 1 || step === -9) steps++
  }
  return value.length >= 6 && steps >= (value.length - 1) * 0.85
}
