import type { Transformation, View } from '../view.ts'

/**
 * A text being changed into another one, from its beginning to its end, which remembers what came from where. What is not
 * replaced is kept; nothing is copied before the first replacement.
 */
export class Rewriting {
  readonly before: string
  #units = new Uint16Array(0)
  #length = 0
  /** How far the text before is kept or replaced. */
  #done = 0
  /** Four numbers for each change of length: `[from, to)` of the text before is `[at, upTo)` of the text after. */
  readonly #changes: number[] = []
  #changed = false

  constructor(before: string) {
    this.before = before
  }

  get changed(): boolean {
    return this.#changed
  }

  /** The offset up to which the text before is dealt with; what is replaced next begins there or later. */
  get done(): number {
    return this.#done
  }

  /** The last unit written, which is not always the one that stood there; -1 at the beginning. */
  last(upTo: number): number {
    if (upTo > this.#done) return this.before.charCodeAt(upTo - 1)
    return this.#length > 0 ? this.#units[this.#length - 1]! : -1
  }

  replace(from: number, to: number, by: string): void {
    if (!this.#changed) {
      this.#changed = true
      this.#units = new Uint16Array(this.before.length + 64)
    }
    this.#keep(from)
    const at = this.#length
    this.#reserve(by.length)
    for (let index = 0; index < by.length; index++) this.#units[this.#length++] = by.charCodeAt(index)
    this.#done = to
    if (by.length !== to - from) this.#changes.push(from, to, at, this.#length)
  }

  /** The text after, and the way back from it; null when nothing was replaced. */
  finish(): Rewritten | null {
    if (!this.#changed) return null
    this.#keep(this.before.length)
    return { text: textOf(this.#units, this.#length), changes: Int32Array.from(this.#changes) }
  }

  #keep(upTo: number): void {
    this.#reserve(upTo - this.#done)
    for (let index = this.#done; index < upTo; index++) this.#units[this.#length++] = this.before.charCodeAt(index)
    this.#done = upTo
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#units.length) return
    const larger = new Uint16Array((this.#length + more) * 2)
    larger.set(this.#units.subarray(0, this.#length))
    this.#units = larger
  }
}

export interface Rewritten {
  readonly text: string
  readonly changes: Int32Array
}

/** The given text as a view of itself. */
export function givenView(text: string): View {
  return { text, through: [], original: (start, end) => ({ start: before(text, start), end: after(text, end) }) }
}

/** What a view was rewritten to, as a view of the given text. A place between two units is where the later one begins. */
export function rewrittenView(of: View, { text, changes }: Rewritten, through: readonly Transformation[]): View {
  const original = (start: number, end: number) => of.original(startOf(changes, start), endOf(changes, end - 1))
  return {
    text,
    through: [...of.through, ...through],
    original: (start, end) => {
      if (start < end) return original(start, end)
      if (text === '') return of.original(0, 0)
      const at = start < text.length ? original(start, start + 1).start : original(start - 1, start).end
      return { start: at, end: at }
    },
  }
}

/** A text that a whole stretch of a view stands for. */
export function decodedView(of: View, text: string, start: number, end: number, through: Transformation): View {
  return { text, through: [...of.through, through], original: () => of.original(start, end) }
}

export function textOf(units: Uint16Array, length: number): string {
  return Buffer.from(units.buffer, units.byteOffset, length * 2).toString('utf16le')
}

/** Where in the text before the unit at this offset begins. */
function startOf(changes: Int32Array, offset: number): number {
  const change = changeBefore(changes, offset)
  if (change < 0) return offset
  const upTo = changes[change + 3]!
  return offset < upTo ? changes[change]! : changes[change + 1]! + (offset - upTo)
}

/** Where in the text before the unit at this offset ends. */
function endOf(changes: Int32Array, offset: number): number {
  const change = changeBefore(changes, offset)
  if (change < 0) return offset + 1
  const upTo = changes[change + 3]!
  return offset < upTo ? changes[change + 1]! : changes[change + 1]! + (offset - upTo) + 1
}

/** The index of the last change that begins at or before an offset of the text after; -4 when there is none. */
function changeBefore(changes: Int32Array, offset: number): number {
  let low = 0
  let high = changes.length / 4
  while (low < high) {
    const middle = (low + high) >>> 1
    if (changes[middle * 4 + 2]! <= offset) low = middle + 1
    else high = middle
  }
  return (low - 1) * 4
}

/** Offsets inside of a surrogate pair move out of it. */
function before(text: string, offset: number): number {
  const within = Math.max(0, Math.min(offset, text.length))
  return cutsPair(text, within) ? within - 1 : within
}

function after(text: string, offset: number): number {
  const within = Math.max(0, Math.min(offset, text.length))
  return cutsPair(text, within) ? within + 1 : within
}

function cutsPair(text: string, offset: number): boolean {
  if (offset === 0 || offset === text.length) return false
  const high = text.charCodeAt(offset - 1)
  const low = text.charCodeAt(offset)
  return high >= 0xd800 && high < 0xdc00 && low >= 0xdc00 && low < 0xe000
}
