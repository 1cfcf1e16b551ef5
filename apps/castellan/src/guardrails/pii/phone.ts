import { parsePhoneNumberFromString } from 'libphonenumber-js/min'
import type { Announcements } from './context.ts'
import { between, type DigitGroups, isLetter } from './digit-groups.ts'
import type { Sighting } from './sighting.ts'

/** Numbers that are looked up in the plans of their countries in one text; further ones are believed by their length. */
const MOST_LOOKED_UP = 300
const CLOSE = 40

const { dash, dot, edge, line, paren, slash, space, wide } = between

/** Recognises phone numbers of one text. */
export class Phones {
  readonly #groups: DigitGroups
  readonly #said: Announcements
  #left = MOST_LOOKED_UP

  constructor(groups: DigitGroups, said: Announcements) {
    this.#groups = groups
    this.#said = said
  }

  /** A phone number that begins with a group. */
  at(from: number): Sighting | null {
    const { text, starts, seps } = this.#groups
    const start = starts[from]!
    const before = text.charCodeAt(start - 1)
    if (before === 0x2b || (before === 0x28 && text.charCodeAt(start - 2) === 0x2b)) return this.#international(from)
    // The rest of a fraction whose whole part was left out.
    if (before === 0x2e && !isLetter(text.charCodeAt(start - 2))) return null
    // What goes on from a number with a dot, dash or slash is the rest of something else.
    if (seps[from] === dot || seps[from] === dash || seps[from] === slash) return null
    if (before === 0x24 || before === 0x23) {
      // Amounts and marks are phone numbers only when they are called so.
      if (!this.#announced(start)) return null
    }
    return this.#exitCode(from) ?? this.#american(from) ?? this.#national(from) ?? this.#told(from)
  }

  /** `+44 20 7946 0958`: the longest row of groups that is possible in the plan of its country. */
  #international(from: number): Sighting | null {
    const groups = this.#groups
    const start = groups.starts[from]! - (groups.text[groups.starts[from]! - 1] === '(' ? 2 : 1)
    // A sum of two things.
    if (/[\w)\]]/.test(groups.text[start - 1] ?? '')) return null
    let upTo = from
    let total = 0
    while (upTo < groups.count && total + groups.length(upTo) <= 15 && (upTo === from || isWithinPhone(groups.seps[upTo]!))) total += groups.length(upTo++) // prettier-ignore
    const announced = this.#announced(start)
    for (let last = upTo; last > from && last > upTo - 4; last--) {
      const digits = groups.digits(from, last)
      if (digits.length < 7) break
      if (this.#isPossible(digits)) return this.#extended({ upTo: last, category: 'phone', confidence: 0.9, start })
    }
    if (upTo === from || groups.digits(from, upTo).length < 8) return null
    // Made-up numbers are written like real ones, and rarely fit the plan of their country.
    const grouped = upTo - from >= 3
    return announced || grouped ? this.#extended({ upTo, category: 'phone', confidence: 0.65, start }) : null
  }

  /** `0044 20 7946 0958` and `001-234-567-8901`. */
  #exitCode(from: number): Sighting | null {
    const groups = this.#groups
    const { text, starts } = groups
    if (text.charCodeAt(starts[from]!) !== 48 || text.charCodeAt(starts[from]! + 1) !== 48) return null
    const first = groups.digits(from, from + 1)
    if (first === '001' && groups.are(from + 1, [3, 3, 4])) return this.#extended({ upTo: from + 4, category: 'phone', confidence: 0.85 }) // prettier-ignore
    let upTo = from
    let total = 0
    while (upTo < groups.count && total + groups.length(upTo) <= 17 && (upTo === from || isWithinPhone(groups.seps[upTo]!))) total += groups.length(upTo++) // prettier-ignore
    if (total < 10 || (upTo - from < 3 && !this.#announced(groups.starts[from]!))) return null
    const digits = groups.digits(from, upTo)
    return this.#isPossible(digits.slice(2)) ? this.#extended({ upTo, category: 'phone', confidence: 0.8 }) : null
  }

  /** Three, three and four digits, perhaps after a one: `(234) 567-8901`, `1.234.567.8901 x12`. */
  #american(from: number): Sighting | null {
    const groups = this.#groups
    const { text, starts, seps } = groups
    const led = groups.length(from) === 1 && text[starts[from]!] === '1' && groups.are(from + 1, [3, 3, 4])
    if (!led && !groups.are(from, [3, 3, 4])) return null
    const area = led ? from + 1 : from
    const upTo = area + 3
    if (goesOn(groups, upTo)) return null
    const kinds = [seps[area + 1]!, seps[area + 2]!]
    if (kinds.some(kind => kind === slash && !this.#announced(starts[from]!)) || kinds.includes(line)) return null
    const announced = this.#announced(starts[from]!)
    if (!announced && this.#isReference(starts[from]!)) return null
    if (kinds.every(kind => kind === space)) {
      const plausible = text[starts[area]!]! >= '2' && text[starts[area + 1]!]! >= '2'
      // Rows of numbers are written with spaces, too.
      const alone = seps[from] !== space && seps[upTo] !== space
      if (!announced && !(plausible && alone)) return null
    }
    if (kinds.every(kind => kind === wide) && !announced) return null
    const start = text[starts[from]! - 1] === '(' ? { start: starts[from]! - 1 } : {}
    return this.#extended({ upTo, category: 'phone', confidence: announced ? 0.95 : 0.8, ...start })
  }

  /** Numbers with the zero or the area code that are dialled within other countries, written as they are there. */
  #national(from: number): Sighting | null {
    const groups = this.#groups
    const { text, starts, seps } = groups
    const start = starts[from]!
    const bracketed = text.charCodeAt(start - 1) === 40
    const layouts = layoutsByLength[groups.length(from)]
    if (!bracketed && (!layouts || from + 1 === groups.count)) return null
    // Most rows of numbers end here: only short first groups begin with anything but the zero of a trunk.
    if (!bracketed && groups.length(from) > 3 && text.charCodeAt(start) !== 48) return null
    const announced = this.#announced(start)
    const first = groups.digits(from, from + 1)
    for (const [layout, begins, separators] of layouts ?? []) {
      if (!groups.are(from, layout) || !begins.test(first)) continue
      const upTo = from + layout.length
      if (goesOn(groups, upTo)) continue
      const seen = new Set(layout.slice(1).map((_, index) => seps[from + 1 + index]!))
      if (seen.has(line) || (seen.size > 1 && !seen.has(paren) && separators === null)) continue
      if (separators !== null && !separators.every((kind, index) => seps[from + 1 + index] === kind)) continue
      if (!announced && this.#isReference(start)) return null
      if (!announced && seen.has(space) && (seps[upTo] === space || seps[from] === space)) continue
      return this.#extended({
        upTo,
        category: 'phone',
        confidence: announced ? 0.9 : 0.7,
        ...(bracketed ? { start: start - 1 } : {}),
      })
    }
    if (!bracketed || seps[from + 1] !== paren || !/^(?:0\d{1,5}|(?!19|20)\d{2,4})$/.test(first)) return null
    // An area code in brackets before six digits or more.
    let upTo = from + 1
    let total = first.length
    while (upTo < groups.count && upTo < from + 5 && isWithinPhone(seps[upTo]!) && total + groups.length(upTo) <= 12) total += groups.length(upTo++) // prettier-ignore
    const enough = total >= 9 || (announced && total >= 7)
    return enough && !goesOn(groups, upTo) ? this.#extended({ upTo, category: 'phone', confidence: announced ? 0.9 : 0.65, start: start - 1 }) : null // prettier-ignore
  }

  /** Any digits that are called a phone number. */
  #told(from: number): Sighting | null {
    const groups = this.#groups
    const { starts, ends, seps } = groups
    const said = this.#said
    const start = starts[from]!
    const named = said.near('phone', start, CLOSE) || this.#calledInCharacters(start)
    const called = !named && said.near('call', start, 26)
    const follows = !named && !called && groups.length(from) >= 7 && said.follows('phone', ends[from]!)
    if (!named && !called && !follows) {
      return groups.length(from) === 10 && seps[from + 1] === edge && this.#extensionEnd(ends[from]!) > ends[from]! ? this.#extended({ upTo: from + 1, category: 'phone', confidence: 0.7 }) : null // prettier-ignore
    }
    const last = Math.max(said.last('phone'), said.last('call'))
    if (said.last('account') > last || (!named && this.#isReference(start))) return null
    let upTo = from
    let total = 0
    while (upTo < groups.count && (upTo === from || (isWithinPhone(seps[upTo]!) && seps[upTo] !== wide)) && total + groups.length(upTo) <= 13) total += groups.length(upTo++) // prettier-ignore
    if (goesOn(groups, upTo) || isDate(groups, from, upTo)) return null
    const single = upTo - from === 1
    if (
      isDecimal(groups, from, upTo) ||
      isRound(groups, from, upTo) ||
      (!named && total < 9 && !groups.are(from, [3, 4]))
    )
      return null
    if (!named && single && !dialled.test(groups.digits(from, upTo))) return null
    // A few digits may be any number, unless they are called a phone number right away.
    const close = !named || total >= 9 || (single ? isRightAfter(groups.text, said.last('phone'), start) : start - said.last('phone') <= 16) // prettier-ignore
    return total >= 7 && close ? this.#extended({ upTo, category: 'phone', confidence: named ? 0.8 : 0.65 }) : null
  }

  #announced(at: number): boolean {
    return this.#said.near('phone', at, CLOSE) || this.#said.near('call', at, 26) || this.#calledInCharacters(at)
  }

  /** Languages without spaces have the word right before the number. */
  #calledInCharacters(at: number): boolean {
    const { text } = this.#groups
    for (let before = at - 1; before >= at - 3; before--) {
      // Mobile numbers of China stand among its characters without any sign between their digits.
      if (text.charCodeAt(before) >= 0x3000) return inCharacters.test(text.slice(Math.max(0, at - 10), at)) || /^1[3-9]\d{9}(?!\d)/.test(text.slice(at, at + 12)) // prettier-ignore
    }
    return false
  }

  #isReference(at: number): boolean {
    return this.#said.near('reference', at, 10)
  }

  #isPossible(digits: string): boolean {
    if (this.#left === 0) return digits.length >= 9
    this.#left--
    return parsePhoneNumberFromString(`+${digits}`)?.isPossible() === true
  }

  #extended(sighting: Sighting): Sighting {
    const end = this.#groups.ends[sighting.upTo - 1]!
    const extended = this.#extensionEnd(end)
    return extended > end ? { ...sighting, end: extended } : sighting
  }

  #extensionEnd(end: number): number {
    const { text } = this.#groups
    const next = text.charCodeAt(end) | 32
    if (next !== 0x78 && next !== 0x65 && next !== 0x20 && next !== 0x2c && next !== 0x23) return end
    extension.lastIndex = end
    const found = extension.exec(text)
    return found ? end + found[0].length : end
  }
}

const inCharacters = /[電电][話话]|手机|手機|携帯|连络|联系|聯絡|聯繫|전화|휴대폰|연락처/
const extension = /,?[ ]?(?:x|ext\.?|extension|#)[ ]?\d{1,6}(?![\w])/iy

/**
 * Lengths of groups, how the first begins, and what is between the groups when it is not the same everywhere. Dates and
 * times have groups of two digits, so those count only five in a row.
 */
const nationalLayouts: readonly (readonly [readonly number[], RegExp, readonly number[] | null])[] = [
  [[2, 2, 2, 2, 2], /^0[1-9]/, null],
  [[3, 4, 4], /^(?:0\d\d|1[3-9]\d)/, null],
  [[3, 3, 4], /^0/, null],
  [[2, 4, 4], /^0[1-9]/, null],
  [[4, 3, 4], /^0[1-9]/, null],
  [[4, 3, 3], /^0[1-9]/, null],
  [[5, 3, 3], /^0[1-9]/, null],
  [[5, 6], /^0[1-9]/, null],
  [[5, 5], /^0[1-9]/, null],
  [[6, 5], /^0[1-9]/, null],
  [[4, 6], /^0[1-9]/, null],
  [[4, 7], /^0[1-9]/, null],
  [[3, 7], /^0[1-9]/, null],
  [[3, 8], /^0[1-9]/, null],
  [[2, 8], /^0[1-9]/, null],
  [[3, 3, 2, 2], /^0[1-9]/, null],
  [[3, 3, 2, 2], /^[4-9]/, [space, dash, dash]],
  [[4, 3, 2, 2], /^0[1-9]/, null],
  [[4, 2, 2, 2], /^0[1-9]/, null],
  [[3, 2, 2, 2], /^[679]/, null],
  [[2, 3, 2, 2], /^0[1-9]/, null],
  [[2, 3, 3, 2], /^0[1-9]/, [dash, space, space]],
  [[3, 3, 2, 2], /^0[1-9]/, [dash, space, space]],
  [[2, 3, 4], /^0[1-9]/, null],
  [[3, 2, 2, 3], /^0[1-9]/, null],
  [[2, 5, 4], /^[1-9][1-9]/, [space, dash]],
  [[2, 5, 4], /^[1-9][1-9]/, [paren, dash]],
  [[3, 3, 3, 3], /^0[1-9]/, null],
  [[3, 3, 5], /^0[1-9]/, null],
  [[3, 6], /^0[1-9]/, [slash]],
  [[4, 5], /^0[1-9]/, [slash]],
]

/** Digits without anything between them that one can dial: of the United States, or with the zero or one of a trunk. */
const dialled = /^(?:[2-9]\d\d[2-9]\d{6}|1[2-9]\d{9}|0[1-9]\d{8,9})$/

const layoutsByLength = Array.from({ length: 7 }, (_, length) =>
  nationalLayouts.filter(([layout]) => layout[0] === length),
)

/** Whether digits go on behind a number, so that it is a part of another one. */
function goesOn(groups: DigitGroups, upTo: number): boolean {
  const kind = groups.seps[upTo]!
  if (kind === edge) return isWord(groups.text.charCodeAt(groups.ends[upTo - 1]!), groups.text, groups.ends[upTo - 1]!)
  return kind === dash || kind === dot || (kind === slash && groups.length(upTo) > 2)
}

/** A letter right behind a number makes it a part of a name, unless it begins an extension. */
function isWord(unit: number, text: string, at: number): boolean {
  const lower = unit | 32
  if (unit === 95) return true
  if (lower < 97 || lower > 122) return false
  return !/^(?:x\d|ext)/i.test(text.slice(at, at + 3))
}

function isWithinPhone(kind: number): boolean {
  return kind === space || kind === dash || kind === dot || kind === paren || kind === slash || kind === wide
}

/** Thousands or millions of something. */
function isRound(groups: DigitGroups, from: number, upTo: number): boolean {
  return upTo - from > 2 && groups.digits(upTo - 1, upTo) === '000'
}

/** A number with a fraction. */
function isDecimal(groups: DigitGroups, from: number, upTo: number): boolean {
  return upTo - from === 2 && groups.seps[from + 1] === dot && !groups.are(from, [3, 4])
}

/** Whether nothing but signs and words such as "number is" stands between a word and a number. */
function isRightAfter(text: string, word: number, number: number): boolean {
  return number - word <= 20 && /^(?:[^\p{L}]|\b(?:numbers?|no|num|nr|is|at|on|ist|es|est|office|home|work)\b)*$/iu.test(text.slice(word, number)) // prettier-ignore
}

/** Years, months and days. */
function isDate(groups: DigitGroups, from: number, upTo: number): boolean {
  if (upTo - from < 3) return false
  const year = (group: number) => /^(?:19|20)\d\d$/.test(groups.digits(group, group + 1))
  const small = (group: number) => groups.length(group) <= 2 && Number(groups.digits(group, group + 1)) <= 31
  return (year(from) && small(from + 1) && small(from + 2)) || (small(from) && small(from + 1) && year(from + 2))
}
