import type { Views } from '../view.ts'

export type Hidden = Views['hidden'][number]

/** What kind of invisible character a code point is; null for one that can be seen, or that parts words. */
export function invisibleKind(code: number): Hidden['kind'] | 'selector' | null {
  if (code < 0x300) return code === 0xad ? 'zero-width' : null
  if (code >= 0x200b && code <= 0x206f) {
    if (code <= 0x200d || (code >= 0x2060 && code <= 0x2064)) return 'zero-width'
    if (code <= 0x200f || (code >= 0x202a && code <= 0x202e) || code >= 0x2066) return 'bidi'
    return null
  }
  if (code >= 0xfe00 && code <= 0xfe0f) return 'selector'
  if (code >= 0xe0000 && code <= 0xe007f) return 'tag'
  if (code >= 0xe0100 && code <= 0xe01ef) return 'selector'
  if (code === 0x61c) return 'bidi'
  return others.has(code) ? 'zero-width' : null
}

/** Grapheme joiner, Hangul and Khmer fillers, Mongolian separators, byte order mark, interlinear annotations. */
const others = new Set([
  0x34f, 0x115f, 0x1160, 0x17b4, 0x17b5, 0x180b, 0x180c, 0x180d, 0x180e, 0x180f, 0x3164, 0xfeff, 0xffa0, 0xfff9, 0xfffa,
  0xfffb,
])

/** A run of invisible characters, from `start` to `end`, and what it says if it was made to carry text. */
export interface InvisibleRun {
  readonly end: number
  readonly hidden: Hidden | null
  readonly carries: string | null
}

/**
 * Reads the run of invisible characters that begins at `start`. Joiners and selectors between emoji, joiners between letters
 * that are written joined, the flags of England and its like, direction marks beside letters written from right to left, soft
 * hyphens, and a byte order mark in front are how people write, and are not reported as hidden.
 */
export function invisibleRun(text: string, start: number): InvisibleRun {
  let end = start
  let selectors = 0
  let kind: Hidden['kind'] | null = null
  let plain = true
  const carried: number[] = []
  while (end < text.length) {
    const code = text.codePointAt(end)!
    const found = invisibleKind(code)
    if (found === null) break
    if (found === 'selector') {
      selectors++
      carried.push(code < 0xe0000 ? code - 0xfe00 : code - 0xe0100 + 16)
    } else {
      if (found === 'tag' || kind === null) kind = found
      if (found === 'tag' && code >= 0xe0020 && code < 0xe007f) carried.push(code - 0xe0000)
      if (!isUsual(text, start, end, code)) plain = false
    }
    end += code > 0xffff ? 2 : 1
  }
  if (selectors > 1) plain = false
  const length = carried.length
  return {
    end,
    hidden: plain ? null : { start, end, kind: kind ?? 'zero-width' },
    carries: !plain && length >= 4 ? Buffer.from(carried).toString('utf8') : null,
  }
}

function isUsual(text: string, runStart: number, at: number, code: number): boolean {
  const before = runStart === 0 ? 0 : codeBefore(text, runStart)
  if (code === 0xfeff) return at === 0
  if (code === 0xad) return true
  if (code === 0x200d) return isPictograph(before) || isJoining(before)
  if (code === 0x200c) return isJoining(before)
  if (code === 0x200e || code === 0x200f || code === 0x61c) return isRightToLeft(before) || isRightToLeft(codeAfter(text, at + 1)) // prettier-ignore
  if (code >= 0xe0000 && code <= 0xe007f) return before === 0x1f3f4
  return false
}

function codeBefore(text: string, offset: number): number {
  const unit = text.charCodeAt(offset - 1)
  return unit >= 0xdc00 && unit < 0xe000 && offset > 1 ? text.codePointAt(offset - 2)! : unit
}

function codeAfter(text: string, offset: number): number {
  return offset < text.length ? text.charCodeAt(offset) : 0
}

function isPictograph(code: number): boolean {
  return (code >= 0x1f000 && code < 0x1fb00) || (code >= 0x2190 && code < 0x2c00)
}

function isRightToLeft(code: number): boolean {
  return (code >= 0x590 && code < 0x900) || (code >= 0xfb1d && code < 0xfe00) || (code >= 0xfe70 && code < 0xfeff)
}

/** Arabic and its neighbours, and the scripts of India and Southeast Asia. */
function isJoining(code: number): boolean {
  return code >= 0x600 && code < 0x1100
}
