/** Elements that change how a stretch of a line looks, and those that begin another line. */
const within = new Set(
  'a abbr acronym b bdi bdo big cite code del dfn em font i ins kbd label mark q s samp small span strike strong sub sup tt u var wbr'.split(
    ' ',
  ),
)
const apart = new Set(
  (
    'address article aside blockquote body br button caption center col dd details div dl dt fieldset figcaption figure footer ' +
    'form h1 h2 h3 h4 h5 h6 head header hr html img input li link main meta nav ol option p pre script section select ' +
    'style summary svg table tbody td textarea tfoot th thead title tr ul'
  ).split(' '),
)

export interface Markup {
  readonly end: number
  readonly by: string
}

/** Reads the markup of one text; it knows what is nowhere ahead, so that nothing is looked for twice. */
export class MarkupReader {
  readonly #text: string
  #commentsEnd = false

  constructor(text: string) {
    this.#text = text
  }

  /** The HTML tag or comment that begins at `start`, and what stands there for a reader; null for any other `<`. */
  tagAt(start: number): Markup | null {
    const text = this.#text
    const next = text.charCodeAt(start + 1)
    if (next === 0x21) return this.#commentAt(start)
    let at = next === 0x2f ? start + 2 : start + 1
    const nameStart = at
    while (isNameUnit(text.charCodeAt(at))) at++
    if (at === nameStart || at - nameStart > 10) return null
    const name = text.slice(nameStart, at).toLowerCase()
    const by = within.has(name) ? '' : apart.has(name) ? '\n' : null
    if (by === null) return null
    // A tag ends before the next one begins, so every unit is read by one tag only.
    for (; at < text.length; at++) {
      const unit = text.charCodeAt(at)
      if (unit === 0x3e) return { end: at + 1, by }
      if (unit === 0x3c) return null
    }
    return null
  }

  #commentAt(start: number): Markup | null {
    if (this.#commentsEnd || !this.#text.startsWith('<!--', start)) return null
    const end = this.#text.indexOf('-->', start + 4)
    if (end < 0) this.#commentsEnd = true
    return end < 0 ? null : { end: end + 3, by: '' }
  }
}

/** The end of the ANSI escape sequence that begins at `start`: colours and cursors, or a title up to its end. */
export function ansiEnd(text: string, start: number): number {
  const kind = text.charCodeAt(start + 1)
  let at = start + 2
  if (kind === 0x5b) {
    const most = Math.min(text.length, start + 32)
    while (at < most && text.charCodeAt(at) >= 0x20 && text.charCodeAt(at) < 0x40) at++
    return Math.min(at + 1, text.length)
  }
  if (kind === 0x5d) {
    const most = Math.min(text.length, start + 256)
    while (at < most && text.charCodeAt(at) !== 7 && text.charCodeAt(at) !== 0x1b) at++
    return Math.min(text.charCodeAt(at) === 0x1b ? at + 2 : at + 1, text.length)
  }
  return start + 1
}

/** The end of the Markdown mark that begins at `start`; `start` itself when the sign stands for itself there. */
export function markEnd(text: string, start: number): number {
  const sign = text.charCodeAt(start)
  let end = start + 1
  while (text.charCodeAt(end) === sign) end++
  const length = end - start
  if (length > 3 || (sign === 0x7e && length !== 2)) return start
  return isLetter(text.charCodeAt(start - 1)) || isLetter(text.charCodeAt(end)) ? end : start
}

/** Whether a line break at `at` parts a word that a hyphen before it holds together. */
export function partsWord(text: string, at: number): boolean {
  return text.charCodeAt(at - 1) === 0x2d && isLetter(text.charCodeAt(at - 2)) && isSmallLetter(text.charCodeAt(at + 1))
}

function isNameUnit(unit: number): boolean {
  return isLetter(unit) || (unit >= 0x30 && unit <= 0x39)
}

function isLetter(unit: number): boolean {
  return isSmallLetter(unit | 32)
}

function isSmallLetter(unit: number): boolean {
  return unit >= 0x61 && unit <= 0x7a
}
