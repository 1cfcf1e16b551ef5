import { isLookalike } from './confusables.ts'
import { invisibleKind } from './invisible.ts'

/** What a unit of UTF-16 needs before it can be compared: nothing, or one of these. */
export const needs = { nothing: 1, folding: 2, composing: 3, removing: 4, pairing: 5, comparing: 6 } as const

/** Zero means that nobody asked yet. */
const known = new Uint8Array(0x10000)

/** What a unit needs; of pairs of surrogates only `foldedPair` knows. */
export function needOf(unit: number): number {
  return known[unit] || (known[unit] = find(unit))
}

function find(unit: number): number {
  if (unit >= 0xd800 && unit < 0xe000) return needs.pairing
  if (invisibleKind(unit) !== null) return needs.removing
  if (isMark(unit)) return needs.composing
  if (isLookalike(unit)) return needs.comparing
  const character = String.fromCharCode(unit)
  return folded(character) === character ? needs.nothing : needs.folding
}

const answers = new Map<number, string>()

/** A unit without what NFKC calls compatibility. */
export function foldedUnit(unit: number): string {
  let answer = answers.get(unit)
  if (answer === undefined) answers.set(unit, (answer = folded(String.fromCharCode(unit))))
  return answer
}

/** A character without what NFKC calls compatibility: full width, letters of mathematics, ligatures, circles. */
function folded(character: string): string {
  const plain = dashes.has(character) ? '-' : character.normalize('NFKC')
  // A handful of characters stand for whole phrases; they are not worth a text that grows.
  return plain.length > 3 ? character : plain
}

const dashes = new Set(['\u2010', '\u2011', '\u2012', '\u2212', '\ufe58', '\ufe63', '\uff0d'])

/** Ranges beyond the first plane in which NFKC changes something; asking it for each emoji would be dear. */
const pairRanges: readonly (readonly [from: number, to: number])[] = [
  [0x10780, 0x107bf],
  [0x1ccd6, 0x1ccf9],
  [0x1d400, 0x1d7ff],
  [0x1e030, 0x1e06d],
  [0x1ee00, 0x1eeff],
  [0x1f100, 0x1f16f],
  [0x1f190, 0x1f1ad],
  [0x1f200, 0x1f2ff],
  [0x1fbf0, 0x1fbf9],
  [0x2f800, 0x2fa1f],
]

/** The same for a code point beyond the first plane; null when it is as it should be. */
export function foldedPair(code: number): string | null {
  // White letters on black, which Unicode does not hold to be the same letters.
  if (code >= 0x1f150 && code <= 0x1f169) return String.fromCharCode(65 + code - 0x1f150)
  if (code >= 0x1f170 && code <= 0x1f189) return String.fromCharCode(65 + code - 0x1f170)
  if (!pairRanges.some(([from, to]) => code >= from && code <= to)) return null
  let plain = answers.get(code)
  if (plain === undefined) answers.set(code, (plain = folded(String.fromCodePoint(code))))
  return plain.codePointAt(0) === code ? null : plain
}

/** Marks that go onto Latin, Greek, Cyrillic, kana, or anything; and the parts of Hangul syllables. */
export function isMark(unit: number): boolean {
  if (unit < 0x300) return false
  return (
    unit <= 0x36f ||
    (unit >= 0x483 && unit <= 0x489) ||
    (unit >= 0x1160 && unit <= 0x11ff) ||
    (unit >= 0x1ab0 && unit <= 0x1aff) ||
    (unit >= 0x1dc0 && unit <= 0x1dff) ||
    (unit >= 0x20d0 && unit <= 0x20ff) ||
    unit === 0x3099 ||
    unit === 0x309a ||
    (unit >= 0xfe20 && unit <= 0xfe2f)
  )
}
