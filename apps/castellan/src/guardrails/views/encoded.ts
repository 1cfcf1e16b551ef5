import { isControl, textFrom } from './looks-like-text.ts'

export interface Decoded {
  readonly start: number
  readonly end: number
  readonly text: string
  readonly through: 'base64' | 'hex'
}

/** Shorter runs are words, names and numbers more often than texts. */
const SHORTEST = 16
/** From this width on, a line that is one run goes on in the next line. */
const WRAPPED = 56

/** 1 for the signs of base64 and base64url, 2 for those of base 16, which are the former, too; 4 for `+ / - _`. */
const kinds = new Uint8Array(128)
for (let unit = 0; unit < 128; unit++) {
  const sign = String.fromCharCode(unit)
  if (/[A-Za-z0-9]/.test(sign)) kinds[unit] = /[0-9A-Fa-f]/.test(sign) ? 3 : 1
  else if ('+/-_'.includes(sign)) kinds[unit] = 5
}

/** The stretches of a text that are a text in base64 or hex, in the order they stand; each unit is read a few times at most. */
export function* encodedStretches(text: string): Generator<Decoded> {
  let start = 0
  for (let at = 0; at <= text.length; at++) {
    const unit = at < text.length ? text.charCodeAt(at) : 0x20
    if (unit < 128 && kinds[unit] !== 0) continue
    if (at - start >= SHORTEST) {
      const end = at - start >= WRAPPED && isBreak(unit) ? lastLineEnd(text, at, at - start) : at
      const found = decodeRun(text, start, end)
      if (found) yield found
      at = end
    }
    start = at + 1
  }
}

/** Where a run that is wrapped at a fixed width ends. */
function lastLineEnd(text: string, lineEnd: number, width: number): number {
  let end = lineEnd
  for (;;) {
    const next = text.charCodeAt(end) === 13 ? end + 2 : end + 1
    let at = next
    while (at < text.length && at - next < width && isEncoding(text.charCodeAt(at))) at++
    if (at === next) return end
    const more = at - next === width && isBreak(text.charCodeAt(at))
    // A last line of letters may just as well be the next sentence; then padding or a break tells that it is not.
    if (!more) return at === text.length || isBreak(text.charCodeAt(at)) || text.charCodeAt(at) === 0x3d ? at : end
    end = at
  }
}

function decodeRun(text: string, start: number, end: number): Decoded | null {
  const hex = decodeHex(text, start, end)
  if (hex !== null) return { start, end, text: hex, through: 'hex' }
  let from = start
  // A path, a name or a sign in front shares its letters with base64, so a text may begin after any of those.
  while (end - from >= SHORTEST) {
    if (beginsLikeText(text, from)) {
      const decoded = decodeBase64(text.slice(from, end))
      if (decoded !== null) return { start: from, end: padded(text, end), text: decoded, through: 'base64' }
    }
    from = nextPart(text, from, end)
  }
  return null
}

function nextPart(text: string, from: number, end: number): number {
  for (let at = from; at < end; at++) {
    const unit = text.charCodeAt(at)
    if (unit < 128 && (kinds[unit]! & 4) !== 0) return at + 1
  }
  return end
}

/** Whether the first bytes could be text: a cheap no for nearly everything that is not. */
function beginsLikeText(text: string, from: number): boolean {
  let zeros = 0
  for (let at = from; at < from + 12; at += 4) {
    let bits = 0
    for (let index = 0; index < 4; index++) {
      const value = sixBits(text.charCodeAt(at + index))
      if (value < 0) return true
      bits = (bits << 6) | value
    }
    for (const byte of [bits >>> 16, (bits >>> 8) & 255, bits & 255]) {
      if (byte === 0) zeros++
      else if (isControl(byte) || (byte > 0x7f && byte < 0xc2 && at === from && byte === bits >>> 16)) return false
    }
  }
  return zeros === 0 || zeros === 4
}

function sixBits(unit: number): number {
  if (unit >= 0x41 && unit <= 0x5a) return unit - 0x41
  if (unit >= 0x61 && unit <= 0x7a) return unit - 0x47
  if (unit >= 0x30 && unit <= 0x39) return unit + 4
  if (unit === 0x2b || unit === 0x2d) return 62
  return unit === 0x2f || unit === 0x5f ? 63 : -1
}

/** What can be no text ends the attempt within one part, so that many attempts on a long run stay cheap. */
const PART = 4096

function decodeBase64(run: string): string | null {
  const signs = run.replaceAll(/[\r\n]/g, '')
  if (textOrWide(Buffer.from(signs.slice(0, PART), 'base64'), signs.length > PART) === null) return null
  return textOrWide(Buffer.from(signs, 'base64'), false)
}

/** Commands for PowerShell are UTF-16, of which every other byte is zero as long as they are English. */
function textOrWide(bytes: Buffer, cut: boolean): string | null {
  const [first, second] = bytes
  if (second === 0 && first !== 0 && bytes.length % 2 === 0) {
    const odd = bytes.filter((byte, index) => index % 2 === 0 && byte !== 0)
    return odd.length === bytes.length / 2 ? textFrom(Buffer.from(bytes.toString('utf16le'))) : null
  }
  if (!cut) return textFrom(bytes)
  // The cut may have parted a character.
  return bytes.some(isControl) ? null : ''
}

function decodeHex(text: string, start: number, end: number): string | null {
  if ((end - start) % 2 !== 0) return null
  for (let at = start; at < end; at++) {
    const unit = text.charCodeAt(at)
    if (unit > 127 || kinds[unit] !== 3) return null
    // Bytes from 10 to 1f are no text; most numbers and digests end here.
    if ((at - start) % 2 === 0 && unit === 0x31) return null
  }
  return textFrom(Buffer.from(text.slice(start, end), 'hex'))
}

function padded(text: string, end: number): number {
  let at = end
  while (at < end + 2 && text.charCodeAt(at) === 0x3d) at++
  return at
}

function isEncoding(unit: number): boolean {
  return unit < 128 && kinds[unit] !== 0
}

function isBreak(unit: number): boolean {
  return unit === 10 || unit === 13
}
