import { textFrom } from './looks-like-text.ts'

export interface Escaped {
  readonly end: number
  /** Null when the bytes are no text, and stay as they are. */
  readonly by: string | null
  /** How many characters were written as escapes. */
  readonly count: number
}

/** Bytes and characters that are read as one run; a longer run is read in parts. */
const MOST = 4096

/** The run of `%41%42` that begins at `start`: read together, because a character may take several bytes. */
export function percentRun(text: string, start: number): Escaped | null {
  return byteRun(text, start, 0x25, 1)
}

/** The run of `=41=42` of quoted-printable text. */
export function quotedRun(text: string, start: number): Escaped | null {
  return byteRun(text, start, 0x3d, 1)
}

/** A soft line break of quoted-printable text: an equals sign that ends a long line. */
export function softBreak(text: string, start: number): number | null {
  const end = text.charCodeAt(start + 1) === 13 ? start + 2 : start + 1
  if (text.charCodeAt(end) !== 10) return null
  const [before, after] = [text.charCodeAt(start - 1), text.charCodeAt(end + 1)]
  if (before === 0x20 || before === 0x3d || after === 0x20 || after === 10 || Number.isNaN(after)) return null
  const lineStart = text.lastIndexOf('\n', start - 1)
  return start - lineStart >= 60 && start - lineStart <= 78 ? end + 1 : null
}

const simple: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  '"': '"',
  "'": "'",
  '/': '/',
  '\\': '\\',
}

/** The run of `\u0041`, `\u{41}` and `\x41`, or the one `\n` or `\"`, that begins at `start`. */
export function backslashRun(text: string, start: number): Escaped | null {
  const next = text[start + 1]
  if (next === 'x') return byteRun(text, start, 0x5c, 2)
  if (next === 'u') return unicodeRun(text, start)
  const by = next === undefined ? undefined : simple[next]
  return by === undefined ? null : { end: start + 2, by, count: 0 }
}

const unicodeEscape = /\\u(?:([0-9a-fA-F]{4})|\{([0-9a-fA-F]{1,6})\})/y

function unicodeRun(text: string, start: number): Escaped | null {
  let by = ''
  let count = 0
  let end = start
  while (count < MOST) {
    unicodeEscape.lastIndex = end
    const found = unicodeEscape.exec(text)
    if (!found) break
    const code = Number.parseInt(found[1] ?? found[2]!, 16)
    if (code > 0x10ffff) break
    by += found[1] === undefined ? String.fromCodePoint(code) : String.fromCharCode(code)
    end += found[0].length
    count++
  }
  return count > 0 ? { end, by: by.toWellFormed(), count } : null
}

function byteRun(text: string, start: number, sign: number, signs: number): Escaped | null {
  const lone = loneByte(text, start, sign, signs)
  if (lone !== null) return lone
  const bytes: number[] = []
  let end = start
  while (bytes.length < MOST && text.charCodeAt(end) === sign) {
    if (signs === 2 && text.charCodeAt(end + 1) !== 0x78) break
    const byte = (hexDigit(text.charCodeAt(end + signs)) << 4) | hexDigit(text.charCodeAt(end + signs + 1))
    if (byte < 0) break
    bytes.push(byte)
    end += signs + 2
  }
  return bytes.length === 0 ? null : { end, by: textFrom(Uint8Array.from(bytes)), count: bytes.length }
}

/** Nearly all escapes are one sign by itself. */
function loneByte(text: string, start: number, sign: number, signs: number): Escaped | null {
  if (signs === 2 && text.charCodeAt(start + 1) !== 0x78) return null
  const end = start + signs + 2
  const byte = (hexDigit(text.charCodeAt(end - 2)) << 4) | hexDigit(text.charCodeAt(end - 1))
  if (byte < 0x20 || byte > 0x7e || text.charCodeAt(end) === sign) return null
  return { end, by: String.fromCharCode(byte), count: 1 }
}

/** -1 for what is no digit of base 16. */
function hexDigit(unit: number): number {
  if (unit >= 0x30 && unit <= 0x39) return unit - 0x30
  const lower = unit | 32
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}
