import { lookalikes } from '../../kernel/index.ts'
import { isLatin } from './latin.ts'
import { textOf } from './rewriting.ts'

/** By unit: 0 for what looks like nothing else. */
const takenFor = new Uint16Array(0x10000)
for (const [from, to] of Object.entries(lookalikes)) if (from !== to) takenFor[from.charCodeAt(0)] = to.charCodeAt(0)

export function isLookalike(unit: number): boolean {
  return takenFor[unit] !== 0
}

const script = { none: 0, english: 1, lookalike: 2, foreign: 3, mixed: 4 } as const

/** What each unit of UTF-16 is of; texts with a single lookalike are read by it from end to end. */
const scripts = new Uint8Array(0x10000)
for (let unit = 0; unit < 0x2000; unit++) scripts[unit] = scriptOf(unit)
for (const from of Object.keys(lookalikes)) scripts[from.charCodeAt(0)] = scriptOf(from.charCodeAt(0))

/** Most texts have few of them, and most of a text is passed over by looking for the next. */
const anyLookalike = new RegExp(`[${Object.keys(lookalikes).join('')}]`, 'g')

/**
 * Exchanges lookalikes for what they are taken for, unit by unit: in words that also have letters of English, and in words
 * wholly of lookalikes that stand between words of English. Words of another language stay as they are.
 */
export function foldConfusables(text: string): string | null {
  let units: Uint16Array | null = null
  let before: number = script.none
  /** A word wholly of lookalikes that waits for the word after it. */
  let waiting: readonly [start: number, end: number] | null = null
  const fold = (start: number, end: number) => {
    units ??= unitsOf(text)
    for (let index = start; index < end; index++) units[index] = takenFor[units[index]!] || units[index]!
  }
  let done = 0
  for (let found = nextLookalike(text, 0); found < text.length; found = nextLookalike(text, done)) {
    const start = wordStart(text, found, done)
    if (waiting && firstWord(text, done, start) === script.english) fold(...waiting)
    const last = lastWord(text, done, start)
    if (last !== script.none) [before, waiting] = [last, null]
    const end = wordEnd(text, found, text.length)
    const word = wordKind(text, start, end)
    if (word === script.mixed) fold(start, end)
    if (waiting && word === script.mixed) fold(...waiting)
    waiting = null
    if (word === script.lookalike) {
      // Single letters, such as Greek ones in formulas, mean themselves.
      if (end - start > 1 && before === script.english) fold(start, end)
      else if (end - start > 1 && before === script.none) waiting = [start, end]
    } else before = word === script.mixed ? script.english : word
    done = end
  }
  if (waiting && firstWord(text, done, text.length) === script.english) fold(...waiting)
  return units && textOf(units, text.length)
}

/** Where a lookalike is next; the length of the text when there is none. */
function nextLookalike(text: string, from: number): number {
  anyLookalike.lastIndex = from
  return anyLookalike.test(text) ? anyLookalike.lastIndex - 1 : text.length
}

function isLetter(text: string, at: number): boolean {
  return scripts[text.charCodeAt(at)] !== script.none
}

function wordStart(text: string, at: number, least: number): number {
  let start = at
  while (start > least && isLetter(text, start - 1)) start--
  return start
}

function wordEnd(text: string, at: number, most: number): number {
  let end = at
  while (end < most && isLetter(text, end)) end++
  return end
}

/** The kind of the first word of a stretch; `none` when it has no words. */
function firstWord(text: string, from: number, upTo: number): number {
  let start = from
  while (start < upTo && !isLetter(text, start)) start++
  return wordKind(text, start, wordEnd(text, start, upTo))
}

function lastWord(text: string, from: number, upTo: number): number {
  let end = upTo
  while (end > from && !isLetter(text, end - 1)) end--
  return wordKind(text, wordStart(text, end, from), end)
}

function wordKind(text: string, start: number, end: number): number {
  let seen = 0
  for (let at = start; at < end; at++) seen |= 1 << scripts[text.charCodeAt(at)]!
  const has = (kind: number) => (seen & (1 << kind)) !== 0
  if (has(script.english) && has(script.lookalike)) return script.mixed
  if (has(script.foreign)) return script.foreign
  if (has(script.english)) return script.english
  return has(script.lookalike) ? script.lookalike : script.none
}

function scriptOf(unit: number): number {
  if (unit < 0x80) return (unit | 32) >= 0x61 && (unit | 32) <= 0x7a ? script.english : script.none
  if (takenFor[unit] !== 0) return script.lookalike
  if (isLatin(unit)) return script.english
  return unit >= 0x370 && unit < 0x2000 ? script.foreign : script.none
}

function unitsOf(text: string): Uint16Array {
  const units = new Uint16Array(text.length)
  for (let index = 0; index < text.length; index++) units[index] = text.charCodeAt(index)
  return units
}
