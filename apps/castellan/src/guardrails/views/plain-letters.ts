import { Rewriting, type Rewritten } from './rewriting.ts'

/** How much of a line is read with a word that was written in digits or letter by letter, to each side of it. */
const AROUND = 400
/** Letters in a row, each by itself, that are a word spelled out rather than a list. */
const SPELLED_OUT = 5

const kind = { other: 0, letter: 1, digit: 2, sign: 3, number: 4 } as const
const kinds = new Uint8Array(128)
for (let unit = 0; unit < 128; unit++) {
  const sign = String.fromCharCode(unit)
  if (/[A-Za-z]/.test(sign)) kinds[unit] = kind.letter
  else if (/[0134578]/.test(sign)) kinds[unit] = kind.digit
  else if (/[269]/.test(sign)) kinds[unit] = kind.number
  else if ('@$!|'.includes(sign)) kinds[unit] = kind.sign
}

/** Digits and signs by the letters they stand for; 2, 6 and 9 stand for none. */
const letterFor: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '8': 'b',
  '@': 'a',
  $: 's',
  '!': 'i',
  '|': 'l',
}

interface Found {
  readonly start: number
  readonly end: number
  readonly by: string
}

/**
 * The lines of a text in which words are written with digits for letters, or letter by letter, as the plain words in small
 * letters; null when there are none, which is nearly always.
 */
export function plainLetters(text: string): Rewritten | null {
  const found = disguisedWords(text)
  if (found.length === 0) return null
  const rewriting = new Rewriting(text)
  let shown = 0
  for (const [index, { start, end, by }] of found.entries()) {
    const from = lineStart(text, start, Math.max(shown, start - AROUND))
    if (from > shown || index === 0) rewriting.replace(shown, from, shown === 0 ? '' : '\n')
    rewriting.replace(start, end, by)
    shown = lineEnd(text, end, Math.min(end + AROUND, found[index + 1]?.start ?? text.length))
  }
  rewriting.replace(shown, text.length, '')
  const rewritten = rewriting.finish()
  return rewritten && { ...rewritten, text: inSmallLetters(rewritten.text) }
}

function inSmallLetters(text: string): string {
  const small = text.toLowerCase()
  // A few letters of other languages have a longer small form, which would shift what follows.
  return small.length === text.length ? small : text.replaceAll(/[A-Z]/g, letter => letter.toLowerCase())
}

const disguised = (1 << kind.letter) | (1 << kind.digit) | (1 << kind.sign)
const lettersAndNumbers = (1 << kind.letter) | (1 << kind.number)

function disguisedWords(text: string): Found[] {
  const found: Found[] = []
  for (let at = 0; at < text.length; at++) {
    let next = kindAt(text, at)
    if (next === kind.other) continue
    const start = at
    let seen = 0
    for (; next !== kind.other; next = at < text.length ? kindAt(text, at) : kind.other) {
      seen |= 1 << next
      at++
    }
    if (at - start === 1 && seen === 1 << kind.letter) {
      const word = spelledOut(text, start)
      if (!word) continue
      found.push(word)
      at = word.end
    } else if ((seen & disguised) > 1 << kind.letter && (seen & lettersAndNumbers) === 1 << kind.letter) {
      const word = withDigits(text, start, at)
      if (word) found.push(word)
    }
  }
  return found
}

/** The word or words that begin at `start`, letter by letter, with the same sign between all letters of a word. */
function spelledOut(text: string, start: number): Found | null {
  const between = text.charCodeAt(start + 1)
  if (!isBetween(between)) return null
  let letters = text[start]!
  let count = 1
  let end = start + 1
  for (;;) {
    const gap = gapAt(text, end, between)
    const next = end + gap
    if (gap === 0 || kindAt(text, next) !== kind.letter || kindAt(text, next + 1) !== kind.other) break
    letters += (gap > 1 ? ' ' : '') + text[next]!
    count++
    end = next + 1
  }
  return count >= SPELLED_OUT ? { start, end, by: letters } : null
}

/** How many of the signs between letters stand at `at`: one within a word, up to three between words; 0 for anything else. */
function gapAt(text: string, at: number, between: number): number {
  if (text.charCodeAt(at) !== between) return 0
  let end = at + 1
  while (end - at < 4 && (text.charCodeAt(end) === between || text.charCodeAt(end) === 0x20)) end++
  return end - at < 4 ? end - at : 0
}

function isBetween(unit: number): boolean {
  return unit === 0x20 || unit === 0x2e || unit === 0x2d || unit === 0x5f || unit === 0x7c || unit === 0x2f || unit === 0x09 // prettier-ignore
}

/** A word in which digits and signs stand for letters, such as `pr3v10us`; not `mp3`, `1st`, `utf8` or a digest. */
function withDigits(text: string, from: number, to: number): Found | null {
  let [start, end] = [from, to]
  while (end > start && kindAt(text, end - 1) === kind.sign) end--
  while (start < end && '!|'.includes(text[start]!)) start++
  if (end - start < 3 || end - start > 24) return null
  // An address, which goes on after a dot.
  if (text[to] === '.' && text.slice(start, end).includes('@')) return null
  const written = text.slice(start, end)
  if (!/[A-Za-z$][013457@$!|]+[A-Za-z]|^[013457$][A-Za-z]{4}|^[4@](?:ll|nd|ny|re|s)$/i.test(written)) return null
  const word = plainWord(written)
  return word !== null && word !== written ? { start, end, by: word } : null
}

/** Letters without a vowel between them that no word has. */
const MOST_CONSONANTS = 4

/** What a word of letters, digits and signs says in small letters; null when that is no word, or rather a key or a number. */
function plainWord(written: string): string | null {
  let word = ''
  let letters = 0
  let consonants = 0
  let vowels = false
  let small = false
  for (let at = 0; at < written.length; at++) {
    const sign = written[at]!
    const isLetter = kindAt(written, at) === kind.letter
    if (isLetter) {
      const capital = sign < 'a'
      // What changes between large and small letters is a key.
      if (capital && small) return null
      small = !capital
      letters++
    }
    const letter = isLetter ? sign.toLowerCase() : letterFor[sign]!
    const vowel = 'aeiou'.includes(letter)
    if (vowel) vowels = true
    consonants = vowel || letter === 'y' ? 0 : consonants + 1
    if (consonants > MOST_CONSONANTS) return null
    word += letter
  }
  // What is half digits is a key or a number.
  return vowels && letters * 2 >= word.length ? word : null
}

function lineStart(text: string, at: number, first: number): number {
  let start = at
  while (start > first && text.charCodeAt(start - 1) !== 10) start--
  return start
}

function lineEnd(text: string, at: number, last: number): number {
  let end = at
  while (end < last && text.charCodeAt(end) !== 10) end++
  return end
}

function kindAt(text: string, at: number): number {
  const unit = text.charCodeAt(at)
  // Letters of other languages part no word, and end this one.
  return unit < 128 ? kinds[unit]! : kind.other
}
