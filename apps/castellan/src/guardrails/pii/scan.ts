import { cardAt } from './card.ts'
import { Announcements, hashed } from './context.ts'
import { dayAt, streetAround } from './dates-and-places.ts'
import { between, DigitGroups, isDigit, isExtension } from './digit-groups.ts'
import { emailAround, spelledEmail } from './email.ts'
import { ibanAt } from './iban.ts'
import { dottedMacEnd, ipv4At, ipv6End, macEnd } from './ip-address.ts'
import { isInsuranceNumber, isSpanish, LetterCodes } from './letter-codes.ts'
import { nationalNumberAt } from './national-numbers.ts'
import { Phones } from './phone.ts'
import type { Sighting } from './sighting.ts'
import { socialSecurityAt } from './social-security.ts'

/** What was seen in one view of a text, in the order it stands there. */
export interface Seen {
  readonly category: string
  readonly start: number
  readonly end: number
  readonly confidence: number
}

/** Personal data in a text. One pass: words are noted, and what begins like something is looked at more closely. */
export function scan(text: string): readonly Seen[] {
  const pass = new Pass(text)
  for (let at = 0; at < text.length;) {
    const unit = text.charCodeAt(at)
    switch (unit < WIDE ? kinds[unit]! : kind.other) {
      case kind.letter:
        at = pass.word(at)
        break
      case kind.digit:
        at = pass.number(at)
        break
      case kind.at:
        at = pass.email(at)
        break
      case kind.colon:
        at = pass.colon(at)
        break
      default:
        at++
    }
  }
  return pass.seen
}

const kind = { other: 0, letter: 1, digit: 2, at: 3, colon: 4 } as const
/** Languages that do not part words have no letters here; all others have theirs before. */
const WIDE = 0x2000
const kinds = new Uint8Array(WIDE).fill(kind.letter, 0xc0)
for (let unit = 0; unit < 128; unit++) {
  const sign = String.fromCharCode(unit)
  if (/[A-Za-z]/.test(sign)) kinds[unit] = kind.letter
  else if (/[0-9]/.test(sign)) kinds[unit] = kind.digit
  else if (sign === '@') kinds[unit] = kind.at
  else if (sign === ':') kinds[unit] = kind.colon
}

class Pass {
  readonly seen: Seen[] = []
  readonly #text: string
  readonly #said: Announcements
  readonly #groups: DigitGroups
  readonly #phones: Phones
  readonly #codes: LetterCodes
  /** Up to where something was seen; what lies before it is not looked at again. */
  #done = 0
  /** Where the last number ended that may be of a house. */
  #lastNumber = -1_000
  /** Where the last word ended that had letters and digits. */
  #lastCode = -1

  constructor(text: string) {
    this.#text = text
    this.#said = new Announcements(text)
    this.#groups = new DigitGroups(text)
    this.#phones = new Phones(this.#groups, this.#said)
    this.#codes = new LetterCodes(this.#said)
  }

  word(start: number): number {
    const text = this.#text
    if (isPairSign(text.charCodeAt(start + 2))) {
      const end = this.#mac(start)
      if (end > 0) return end
    }
    let hash = 0
    let digits = 0
    let end = start
    for (; end < text.length; end++) {
      const unit = text.charCodeAt(end)
      const found = unit < WIDE ? kinds[unit]! : kind.other
      if (found === kind.digit) digits++
      else if (found !== kind.letter) break
      hash = hashed(hash, unit)
    }
    if (digits > 0) return this.#code(start, end)
    this.#said.word(start, end, hash)
    this.#closerLook(start, end)
    return end
  }

  number(start: number): number {
    const text = this.#text
    if (isPairSign(text.charCodeAt(start + 2))) {
      const end = this.#mac(start)
      if (end > 0) return end
    }
    let end = start + 1
    while (isDigit(text.charCodeAt(end))) end++
    const next = text.charCodeAt(end)
    if (next < 128 && kinds[next] === kind.letter && !isExtension(text, end)) {
      while (isPlain(text.charCodeAt(end))) end++
      return this.#code(start, end)
    }
    if (next === 46 && text.charCodeAt(start + 9) === 46) {
      const mac = dottedMacEnd(text, start)
      if (mac > 0) return this.#see('mac', start, mac, 0.8)
    }
    if (this.#said.near('birth', start, 24)) {
      const day = dayAt(text, start)
      if (day) return this.#see('date-of-birth', start, day.end, 0.85)
    }
    return this.#row(start)
  }

  email(at: number): number {
    const found = emailAround(this.#text, at)
    if (found && found.start >= this.#done) return this.#see('email', found.start, found.end, 0.97)
    return at + 1
  }

  colon(at: number): number {
    const text = this.#text
    const next = text.charCodeAt(at + 1)
    if (next !== 58 && !isHex(next)) return at + 1
    let start = at
    while (start > at - 4 && isHex(text.charCodeAt(start - 1))) start--
    const before = text.charCodeAt(start - 1)
    if (start < this.#done || before === 58 || isWordUnit(before)) return at + 1 // prettier-ignore
    const end = ipv6End(text, start)
    return end > 0 ? this.#see('ip', start, end, 0.9) : at + 1
  }

  /** A row of groups of digits, and whatever stands in it. */
  #row(start: number): number {
    const text = this.#text
    const groups = this.#groups
    const end = groups.read(start, this.#separatorBefore(start))
    for (let group = 0; group < groups.count;) {
      const found = this.#numberAt(group)
      if (found) {
        this.#see(
          found.category,
          Math.max(found.start ?? groups.starts[group]!, this.#done),
          found.end ?? groups.ends[found.upTo - 1]!,
          found.confidence,
        )
        group = found.upTo
      } else group++
    }
    this.#lastNumber = groups.ends[groups.count - 1]!
    if (groups.length(groups.count - 1) === 8 && text[end] === '-') this.#spanish(groups.starts[groups.count - 1]!, end)
    return Math.max(end, this.#done)
  }

  #numberAt(group: number): Sighting | null {
    const groups = this.#groups
    const said = this.#said
    // Most numbers are short; only a word before them could make them more than a number. Addresses have four groups, and all
    // that has fewer groups has more digits.
    const left = groups.count - group
    const length = groups.ends[groups.count - 1]! - groups.starts[group]!
    if (left < 4 && length - left < 6) return this.#labelled(group)
    return (
      ipv4At(groups, group, said) ??
      nationalNumberAt(groups, group, said) ??
      cardAt(groups, group, said) ??
      socialSecurityAt(groups, group, said) ??
      this.#labelled(group) ??
      this.#phones.at(group)
    )
  }

  #labelled(group: number): Sighting | null {
    const groups = this.#groups
    if (groups.length(group) < 5 || !groups.alone(group, group + 1)) return null
    const start = groups.starts[group]!
    if (!this.#codes.mayBeLabelled(start)) return null
    const found = this.#codes.labelled(groups.digits(group, group + 1), start)
    return found && { upTo: group + 1, ...found }
  }

  /** A word of letters and digits. */
  #code(start: number, end: number): number {
    const text = this.#text
    this.#lastCode = end
    const third = text.charCodeAt(start + 2)
    if (
      isDigit(third) &&
      isDigit(text.charCodeAt(start + 3)) &&
      !isDigit(text.charCodeAt(start)) &&
      text[start - 1] !== '_'
    ) {
      // prettier-ignore
      const iban = ibanAt(text, start)
      if (iban?.checked === true) return this.#see('iban', start, iban.end, 0.98)
      if (iban && this.#said.near('iban', start, 40)) return this.#see('iban', start, iban.end, 0.65)
    }
    if (end - start === 4 && text[end] === '.') {
      const mac = dottedMacEnd(text, start)
      if (mac > 0) return this.#see('mac', start, mac, 0.8)
    }
    if (end - start < 6 && isDigit(text.charCodeAt(start))) this.#lastNumber = end
    if (this.#codes.mayBeLabelled(start)) {
      joined.lastIndex = start
      // None is there when the word begins with an accent.
      const word = joined.exec(text)?.[0] ?? ''
      const found = this.#codes.labelled(word.replaceAll(/[- ]/g, ''), start)
      if (found) return this.#see(found.category, start, start + word.length, found.confidence)
    }
    if (end - start >= 5 && end - start <= 80) {
      const found = this.#codes.recognise(text.slice(start, end), start)
      if (found) return this.#see(found.category, start, end, found.confidence)
    }
    return end
  }

  /** Words that show where to look closer. */
  #closerLook(start: number, end: number): void {
    const text = this.#text
    const said = this.#said
    if (said.last('at') === end && /[[({<] ?$/.test(text.slice(Math.max(0, start - 2), start))) this.#spelled(start)
    if (said.last('dot') === end && said.near('at', start, 70)) this.#spelled(said.last('at') - 2)
    if (said.last('street') === end && start - this.#lastNumber < 60) {
      const street = streetAround(text, start, end)
      const known = street && (street.placed || said.near('home', street.start, 40))
      if (known && street.start >= this.#done) this.#see('street-address', street.start, street.end, street.placed ? 0.85 : 0.7) // prettier-ignore
    }
    if (said.last('month') === end && said.near('birth', start, 24)) {
      const day = dayAt(text, start)
      if (day) this.#see('date-of-birth', start, day.end, 0.85)
    }
    if (end - start === 2 && isDigit(text.charCodeAt(end + 1))) this.#insurance(start)
  }

  #spelled(at: number): void {
    const found = spelledEmail(this.#text, at)
    if (found && found.start >= this.#done) this.#see('email', found.start, found.end, 0.8)
  }

  /** `AB 12 34 56 C`, in pairs. */
  #insurance(start: number): void {
    pairedInsurance.lastIndex = start
    const found = pairedInsurance.exec(this.#text)
    if (!found) return
    const announced = this.#said.near('nino', start, 44)
    if (!announced && !isInsuranceNumber(found[0].replaceAll(/[ -]/g, ''))) return
    this.#see('nino', start, start + found[0].length, announced ? 0.95 : 0.8)
  }

  /** `12345678-Z`. */
  #spanish(start: number, end: number): void {
    const letter = this.#text[end + 1] ?? ''
    if (start < this.#done || !/^[A-Z]\b/i.test(this.#text.slice(end + 1, end + 3))) return
    if (isSpanish(this.#text.slice(start, end) + letter.toUpperCase())) this.#see('es-nif', start, end + 2, 0.85)
  }

  #mac(start: number): number {
    const before = this.#text.charCodeAt(start - 1)
    if (this.#text.charCodeAt(start + 5) !== this.#text.charCodeAt(start + 2) || isPairSign(before)) return 0
    const end = macEnd(this.#text, start)
    return end > 0 ? this.#see('mac', start, end, 0.92) : 0
  }

  /** What joins a number with a word of letters and digits before it; nothing else makes it a part of something. */
  #separatorBefore(start: number): number {
    if (this.#lastCode !== start - 1 || start === 0) return between.edge
    const sign = this.#text[start - 1]!
    if (sign === '.') return between.dot
    return sign === '-' || sign === '_' || sign === '/' ? between.dash : between.edge
  }

  #see(category: string, start: number, end: number, confidence: number): number {
    this.seen.push({ category, start, end, confidence })
    this.#done = end
    return end
  }
}

/** A word of letters and digits that goes on after dashes, as numbers of licences do. */
const joined = /[A-Za-z0-9]{1,20}(?:-[A-Za-z0-9]{1,12}){0,4}/y
const pairedInsurance = /[A-Za-z]{2}[ -]\d{2}[ -]?\d{2}[ -]?\d{2}[ -]?[A-Da-d](?![A-Za-z0-9])/y

function isWordUnit(unit: number): boolean {
  return unit === 95 || isPlain(unit)
}

/** A letter without an accent, or a digit. */
function isPlain(unit: number): boolean {
  return unit < 128 && (kinds[unit] === kind.letter || kinds[unit] === kind.digit)
}

function isPairSign(unit: number): boolean {
  return unit === 58 || unit === 45
}

function isHex(unit: number): boolean {
  const lower = unit | 32
  return isDigit(unit) || (lower >= 97 && lower <= 102)
}
