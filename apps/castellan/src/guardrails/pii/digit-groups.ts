/** What stands between two groups of digits. */
export const between = { edge: 0, space: 1, dash: 2, dot: 3, slash: 4, line: 5, paren: 6, wide: 7 } as const

/** Groups that are read together; a longer row of numbers is read in parts that overlap. */
const MOST = 512
const OVERLAP = 12

/** A row of groups of digits with little between them: a number as people write it, or several. */
export class DigitGroups {
  readonly text: string
  readonly starts = new Int32Array(MOST)
  readonly ends = new Int32Array(MOST)
  /** What stands before each group, and after the last one. */
  readonly seps = new Uint8Array(MOST + 1)
  count = 0

  constructor(text: string) {
    this.text = text
  }

  /** Reads the row whose first digit is at `start`, after a separator; returns where to go on, which is behind `start`. */
  read(start: number, after: number): number {
    const { text, starts, ends, seps } = this
    this.count = 0
    seps[0] = after
    let at = start
    for (;;) {
      starts[this.count] = at
      while (isDigit(text.charCodeAt(at))) at++
      if (this.count > 0 && this.#beginsOther(at)) return starts[this.count]!
      ends[this.count++] = at
      const next = this.#separator(at)
      if (next === 0) break
      if (this.count === MOST) return starts[MOST - OVERLAP]!
      seps[this.count] = this.#kind
      at = next
    }
    seps[this.count] = isJoined(text, at) ? between.dash : between.edge
    return at
  }

  length(group: number): number {
    return group < this.count ? this.ends[group]! - this.starts[group]! : 0
  }

  /** The digits of groups, without what is between them. */
  digits(from: number, upTo: number): string {
    let digits = ''
    for (let group = from; group < upTo; group++) digits += this.text.slice(this.starts[group], this.ends[group])
    return digits
  }

  /** Whether groups have these lengths, from one on. */
  are(from: number, lengths: readonly number[]): boolean {
    if (from + lengths.length > this.count) return false
    for (let index = 0; index < lengths.length; index++) if (this.length(from + index) !== lengths[index]) return false
    return true
  }

  /** What is between all groups from one up to another; -1 when it is not the same everywhere. */
  uniform(from: number, upTo: number): number {
    const first = this.seps[from + 1]!
    for (let group = from + 2; group < upTo; group++) if (this.seps[group] !== first) return -1
    return first
  }

  /** Whether groups stand by themselves: neither side goes on with a dash, dot or slash and more digits. */
  alone(from: number, upTo: number): boolean {
    return isLoose(this.seps[from]!) && isLoose(this.seps[upTo]!)
  }

  /** Whether the digits before an offset, which may be the next group, begin something else: a word, or pairs of base 16. */
  #beginsOther(at: number): boolean {
    const unit = this.text.charCodeAt(at)
    if (isLetter(unit)) return !isExtension(this.text, at)
    return unit === 58 && isLoose(this.seps[this.count]!)
  }

  #kind = 0

  /** Where the next group begins after a separator at `at`; 0 when the row ends here. */
  #separator(at: number): number {
    const { text } = this
    const unit = text.charCodeAt(at)
    const kind = unit < 128 ? separators[unit]! : wideSeparator(unit)
    if (kind === 0) return 0
    if (isDigit(text.charCodeAt(at + 1))) {
      this.#kind = kind
      return at + 1
    }
    return this.#longSeparator(at, kind)
  }

  #longSeparator(at: number, first: number): number {
    const { text } = this
    let seen = 1 << first
    let end = at + 1
    while (end < at + 4) {
      const unit = text.charCodeAt(end)
      if (isDigit(unit)) {
        this.#kind = (seen & (1 << between.paren)) !== 0 ? between.paren : (seen & (1 << between.line)) !== 0 ? between.line : between.wide // prettier-ignore
        return end
      }
      const kind = unit < 128 ? separators[unit]! : wideSeparator(unit)
      if (kind === 0) return 0
      seen |= 1 << kind
      end++
    }
    return 0
  }
}

const separators = new Uint8Array(128)
for (const [sign, kind] of Object.entries({
  ' ': between.space,
  '-': between.dash,
  '.': between.dot,
  '/': between.slash,
  '\n': between.line,
  '\r': between.line,
  '(': between.paren,
  ')': between.paren,
})) {
  separators[sign.charCodeAt(0)] = kind
}

/** Spaces and dashes that typographers use. */
function wideSeparator(unit: number): number {
  if (unit === 0xa0 || unit === 0x202f || (unit >= 0x2000 && unit <= 0x200a)) return between.space
  return unit >= 0x2010 && unit <= 0x2013 ? between.dash : 0
}

/** Whether letters follow that make the last group a part of a word. */
function isJoined(text: string, at: number): boolean {
  const unit = text.charCodeAt(at)
  if (unit === 45 || unit === 95) return isLetter(text.charCodeAt(at + 1)) || isDigit(text.charCodeAt(at + 1))
  return isLetter(unit) && !isExtension(text, at)
}

/** Whether the letters behind three digits or more begin the extension of a phone number. */
export function isExtension(text: string, at: number): boolean {
  for (let before = at - 3; before < at; before++) if (!isDigit(text.charCodeAt(before))) return false
  return (text.charCodeAt(at) | 32) === 0x78 ? isDigit(text.charCodeAt(at + 1)) : text.startsWith('ext', at)
}

export function isLetter(unit: number): boolean {
  return (unit | 32) >= 97 && (unit | 32) <= 122
}

function isLoose(kind: number): boolean {
  return kind === between.edge || kind === between.space || kind === between.line || kind === between.wide || kind === between.paren // prettier-ignore
}

export function isDigit(unit: number): boolean {
  return unit >= 48 && unit <= 57
}
