import { entityAt } from '../../kernel/index.ts'
import { foldConfusables, isLookalike } from './confusables.ts'
import { foldedPair, foldedUnit, isMark, needOf, needs } from './compatibility.ts'
import { plainEntities } from './entities.ts'
import { backslashRun, percentRun, quotedRun, softBreak, type Escaped } from './escapes.ts'
import { type Hidden, invisibleKind, invisibleRun } from './invisible.ts'
import { isLatin } from './latin.ts'
import { ansiEnd, markEnd, MarkupReader, partsWord } from './markup.ts'
import { Rewriting, type Rewritten } from './rewriting.ts'
import { signs } from './survey.ts'

export interface Normalised {
  /** Null when the text is already as it should be. */
  readonly rewritten: Rewritten | null
  readonly hidden: readonly Hidden[]
  /** Texts that invisible characters carry, and runs of escapes that are long enough to be a text of their own. */
  readonly carried: readonly Carried[]
  /** Whether entities or escapes were read, which may have brought others to light. */
  readonly decoded: boolean
}

export interface Carried {
  readonly text: string
  readonly start: number
  readonly end: number
  readonly through: 'escapes' | 'url'
}

/** Escapes in a row from which on somebody wrote a text so. */
const LONG_RUN = 8

/**
 * A text as a reader sees it: compatibility characters folded (NFKC, where it matters), lookalikes exchanged, invisible
 * characters, ANSI sequences, HTML tags and Markdown marks gone, entities and escapes read, words parted by a line break
 * joined. One pass, in time linear in the length of the text.
 */
export function normalise(text: string): Normalised {
  const pass = new Pass(text)
  for (let at = 0; at < text.length;) {
    const unit = text.charCodeAt(at)
    if (unit >= 128) at = pass.beyondAscii(unit, at)
    else if (stops[unit] === 0) at++
    else if (unit !== 10) at = pass.sign(unit, at)
    else at = partsWord(text, at) ? pass.joinWord(at) : at + 1
  }
  return pass.finish()
}

/** Units below 128 that need a closer look. */
const stops = signs.with(10, 1)

class Pass {
  readonly #text: string
  readonly #rewriting: Rewriting
  readonly #markup: MarkupReader
  readonly #hidden: Hidden[] = []
  readonly #carried: Carried[] = []
  #decoded = false
  #lookalikes = false
  #quotedPrintable = false

  constructor(text: string) {
    this.#text = text
    this.#rewriting = new Rewriting(text)
    this.#markup = new MarkupReader(text)
  }

  /** Deals with a sign of ASCII at an offset; returns where to go on. */
  sign(unit: number, at: number): number {
    const text = this.#text
    switch (unit) {
      case 0x26: {
        const entity = entityAt(text, at, plainEntities)
        if (entity) this.#decoded = true
        return entity ? this.#replace(at, entity.end, entity.by) : at + 1
      }
      case 0x3c: {
        const tag = this.#markup.tagAt(at)
        return tag ? this.#replace(at, tag.end, tag.by) : at + 1
      }
      case 0x25:
        return this.#escaped(at, percentRun(text, at), 'url')
      case 0x5c:
        return this.#escaped(at, backslashRun(text, at), 'escapes')
      case 0x3d:
        return this.#equals(at)
      case 0x2a:
      case 0x60:
      case 0x7e: {
        const end = markEnd(text, at)
        return end > at ? this.#replace(at, end, '') : pastRun(text, unit, at)
      }
      case 0x1b:
        return this.#replace(at, ansiEnd(text, at), '')
      default:
        return this.#replace(at, pastControls(text, at), '')
    }
  }

  /** Takes the hyphen and the line break at an offset out of a word. */
  joinWord(at: number): number {
    return this.#replace(at - 1, at + 1, '')
  }

  /** Deals with a character beyond ASCII at an offset; returns where to go on. */
  beyondAscii(unit: number, at: number): number {
    switch (needOf(unit)) {
      case needs.comparing:
        this.#lookalikes = true
        return at + 1
      case needs.pairing:
        return this.#pair(at)
      case needs.removing:
        return this.#invisible(at)
      case needs.composing:
        return this.#composed(at)
      case needs.folding: {
        const by = foldedUnit(unit)
        if (isLookalike(by.charCodeAt(0))) this.#lookalikes = true
        return this.#replace(at, at + 1, by)
      }
      default:
        return at + 1
    }
  }

  finish(): Normalised {
    const rewritten = this.#rewriting.finish()
    const folded = this.#lookalikes ? foldConfusables(rewritten?.text ?? this.#text) : null
    return {
      rewritten: folded === null ? rewritten : { text: folded, changes: rewritten?.changes ?? new Int32Array(0) },
      hidden: this.#hidden,
      carried: this.#carried,
      decoded: this.#decoded,
    }
  }

  #replace(from: number, to: number, by: string): number {
    this.#rewriting.replace(from, to, by)
    return to
  }

  #escaped(at: number, escaped: Escaped | null, through: Carried['through']): number {
    if (!escaped) return at + 1
    if (escaped.by === null) return escaped.end
    this.#decoded = true
    if (escaped.count >= LONG_RUN) this.#carried.push({ text: escaped.by, start: at, end: escaped.end, through })
    return this.#replace(at, escaped.end, escaped.by)
  }

  /** Equals signs mean something only in quoted-printable text, which shows by its line breaks or by bytes in a row. */
  #equals(at: number): number {
    const end = softBreak(this.#text, at)
    if (end !== null) {
      this.#quotedPrintable = true
      return this.#replace(at, end, '')
    }
    const escaped = quotedRun(this.#text, at)
    if (!escaped || (escaped.count < 2 && !this.#quotedPrintable)) return escaped?.end ?? at + 1
    if (escaped.by !== null) this.#quotedPrintable = true
    return this.#escaped(at, escaped, 'escapes')
  }

  #pair(at: number): number {
    const code = this.#text.codePointAt(at)!
    if (code < 0x10000) return at + 1
    if (invisibleKind(code) !== null) return this.#invisible(at)
    const by = foldedPair(code)
    return by === null ? at + 2 : this.#replace(at, at + 2, by)
  }

  #invisible(at: number): number {
    const { end, hidden, carries } = invisibleRun(this.#text, at)
    if (hidden) this.#hidden.push(hidden)
    if (carries !== null) this.#carried.push({ text: carries, start: at, end, through: 'escapes' })
    return this.#replace(at, end, '')
  }

  /** Marks are joined with the letter before them, or dropped when they only strike a Latin letter out or decorate it. */
  #composed(at: number): number {
    const text = this.#text
    let end = at + 1
    while (end < text.length && isMark(text.charCodeAt(end))) end++
    const base = this.#rewriting.last(at)
    if (at > this.#rewriting.done) {
      const composed = compose(text.slice(at - 1, Math.min(end, at + 4)))
      if (composed !== null) return this.#replace(at - 1, end, composed)
    }
    return isLatin(base) ? this.#replace(at, end, '') : end
  }
}

const composed = new Map<string, string | null>()

/** A letter with its marks as one unit; null when there is no such unit. */
function compose(cluster: string): string | null {
  const known = composed.get(cluster)
  if (known !== undefined) return known
  const joined = cluster.normalize('NFKC')
  const answer = joined.length === 1 ? joined : null
  if (composed.size < 2_000) composed.set(cluster, answer)
  return answer
}

function pastRun(text: string, sign: number, at: number): number {
  let end = at + 1
  while (text.charCodeAt(end) === sign) end++
  return end
}

function pastControls(text: string, at: number): number {
  let end = at + 1
  while (
    end < text.length &&
    text.charCodeAt(end) < 32 &&
    signs[text.charCodeAt(end)] === 1 &&
    text.charCodeAt(end) !== 27
  )
    end++
  return end
}
