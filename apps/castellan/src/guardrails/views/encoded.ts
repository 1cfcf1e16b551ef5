import { isControl, textFrom } from './looks-like-text.ts'
import { encodingSigns, isEncoding, nextRun, SHORTEST_ENCODED } from './survey.ts'

export interface Decoded {
  readonly start: number
  readonly end: number
  readonly text: string
  readonly through: 'base64' | 'hex'
}

/** From this width on, a line that is one run goes on in the next line. */
const WRAPPED = 56
/** Places in one run at which a text may begin that are decoded. */
const MOST_ATTEMPTS = 8

/** The stretches of a text that are a text in base64 or hex, in the order they stand; each unit is read a few times at most. */
export function* encodedStretches(text: string): Generator<Decoded> {
  for (let run = nextRun(text, 0); run !== null;) {
    const { start } = run
    let { end } = run
    if (end - start >= WRAPPED && isBreak(text.charCodeAt(end))) end = lastLineEnd(text, end, end - start)
    const found = decodeRun(text, start, end)
    if (found) yield found
    run = nextRun(text, end)
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
  let attempts = 0
  // A path, a name or a sign in front shares its letters with base64, so a text may begin after any of those.
  while (end - from >= SHORTEST_ENCODED && attempts < MOST_ATTEMPTS) {
    if (beginsLikeText(text, from)) {
      attempts++
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
    if (unit < 128 && (encodingSigns[unit]! & 4) !== 0) return at + 1
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
  if (run.length > PART && textOrWide(bytesOf(run.slice(0, PART)), true) === null) return null
  return textOrWide(bytesOf(run), false)
}

function bytesOf(run: string): Buffer {
  return Buffer.from(run.replaceAll(/[\r\n]/g, ''), 'base64')
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
  let letters = false
  for (let at = start; at < end; at++) {
    const unit = text.charCodeAt(at)
    if (unit > 127 || encodingSigns[unit] !== 3) return null
    if (unit > 57) letters = true
    // Bytes from 10 to 1f are no text; most numbers and digests end here.
    if ((at - start) % 2 === 0 && unit === 0x31) return null
  }
  // A number of decimal digits only is a number.
  return letters ? textFrom(Buffer.from(text.slice(start, end), 'hex')) : null
}

function padded(text: string, end: number): number {
  let at = end
  while (at < end + 2 && text.charCodeAt(at) === 0x3d) at++
  return at
}

function isBreak(unit: number): boolean {
  return unit === 10 || unit === 13
}
