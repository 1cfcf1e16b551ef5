import type { Announced, Announcements } from './context.ts'
import { isBase58Address, isBech32Address } from './wallet.ts'

export interface Recognised {
  readonly category: string
  readonly confidence: number
}

/** Addresses of Bitcoin that are checked in one text; checking is dear, and further ones are believed. */
const MOST_CHECKED = 300
const CLOSE = 44

interface Label {
  readonly kind: Announced
  /** What must have been said, too, not far away. */
  readonly also?: Announced
  readonly within: number
  readonly from: number
  readonly upTo: number
  readonly category: string
}

/** Numbers without a check, which are what the words before them say. */
const labels: readonly Label[] = [
  { kind: 'passport', within: 30, from: 6, upTo: 10, category: 'passport' },
  { kind: 'licence', also: 'driver', within: 30, from: 5, upTo: 17, category: 'driver-licence' },
  { kind: 'record', within: 24, from: 5, upTo: 12, category: 'medical-record' },
  { kind: 'account', also: 'bank', within: 24, from: 6, upTo: 17, category: 'bank-account' },
]

/** Recognises words of letters and digits in one text: national numbers, licences, wallets. */
export class LetterCodes {
  readonly #said: Announcements
  #left = MOST_CHECKED

  constructor(said: Announcements) {
    this.#said = said
  }

  recognise(word: string, start: number): Recognised | null {
    const { length } = word
    if (length >= 26) return this.#wallet(word)
    const upper = word.toUpperCase()
    const own = length === 9 ? this.#ofNine(word, upper, start) : length === 10 ? this.#ofTen(word, upper, start) : null
    if (own) return own
    if (length === 16 && /^[A-Z]{6}[\dL-NP-V]{2}[A-EHLMPRST][\dL-NP-V]{2}[A-Z][\dL-NP-V]{3}[A-Z]$/.test(upper)) {
      return isFiscalCode(upper) ? { category: 'it-codice-fiscale', confidence: 0.95 } : null
    }
    return null
  }

  /** Whether anything was announced that makes a number without any check believable. */
  mayBeLabelled(start: number): boolean {
    for (const { kind, within } of labels) if (this.#said.near(kind, start, within)) return true
    return false
  }

  /** Digits, with or without letters, that are what was announced last before them. */
  labelled(word: string, start: number): Recognised | null {
    const said = this.#said
    const digits = word.replaceAll(/\D/g, '').length
    let best: Label | null = null
    for (const label of labels) {
      if (!said.near(label.kind, start, label.within)) continue
      if (label.also && !said.near(label.also, start, 60) && !said.follows(label.also, start + word.length)) continue
      if (best === null || said.last(label.kind) > said.last(best.kind)) best = label
    }
    if (!best || word.length < best.from || word.length > best.upTo || digits < 4 || digits * 2 < word.length)
      return null
    return said.last('reference') > said.last(best.kind) ? null : { category: best.category, confidence: 0.8 }
  }

  #ofNine(word: string, upper: string, start: number): Recognised | null {
    const said = this.#said
    if (/^[A-Z]{2}\d{6}[A-D]$/.test(upper)) {
      // Forms explain themselves with letters that are never given.
      const announced = said.near('nino', start, CLOSE)
      if (announced || (word === upper && isInsuranceNumber(upper)))
        return { category: 'nino', confidence: announced ? 0.95 : 0.75 }
    }
    if (/^(?:\d{8}|[XYZ]\d{7})[A-Z]$/.test(upper) && isSpanish(upper)) {
      const announced = said.near('nif', start, CLOSE)
      if (announced || word === upper) return { category: 'es-nif', confidence: announced ? 0.95 : 0.75 }
    }
    if (/^[STFGM]\d{7}[A-Z]$/.test(upper) && isSingaporean(upper)) {
      return { category: 'sg-nric', confidence: 0.85 }
    }
    return null
  }

  #ofTen(word: string, upper: string, start: number): Recognised | null {
    if (!/^[A-Z]{3}[ABCFGHJLPT][A-Z]\d{4}[A-Z]$/.test(upper)) return null
    const announced = this.#said.near('pan', start, CLOSE)
    if (announced) return { category: 'in-pan', confidence: 0.95 }
    return word === upper && word[3] === 'P' ? { category: 'in-pan', confidence: 0.6 } : null
  }

  #wallet(word: string): Recognised | null {
    if (word.length === 42 && /^0x[0-9a-f]{40}$/i.test(word)) return { category: 'eth-address', confidence: 0.9 }
    if (/^bc1/i.test(word)) return isBech32Address(word) ? { category: 'btc-address', confidence: 0.97 } : null
    if (word.length > 35 || (word[0] !== '1' && word[0] !== '3')) return null
    if (this.#left === 0) return { category: 'btc-address', confidence: 0.5 }
    this.#left--
    return isBase58Address(word) ? { category: 'btc-address', confidence: 0.97 } : null
  }
}

/** A British national insurance number, without its spaces. */
export function isInsuranceNumber(upper: string): boolean {
  if (!/^[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]\d{6}[A-D]$/.test(upper)) return false
  return !['BG', 'GB', 'KN', 'NK', 'NT', 'TN', 'ZZ'].includes(upper.slice(0, 2))
}

/** The letter of Spanish numbers of citizens and foreigners. */
export function isSpanish(upper: string): boolean {
  const number = Number(upper.slice(0, 8).replace(/^[XYZ]/, letter => String('XYZ'.indexOf(letter))))
  return 'TRWAGMYFPDXBNJZSQVHLCKE'[number % 23] === upper[8]
}

function isSingaporean(upper: string): boolean {
  const weights = [2, 7, 6, 5, 4, 3, 2]
  const sum = weights.reduce((total, weight, index) => total + weight * Number(upper[index + 1]), 0)
  const [first] = upper
  const place = (sum + (first === 'T' || first === 'G' ? 4 : first === 'M' ? 3 : 0)) % 11
  if (first === 'M') return 'KLJNPQRTUWX'[10 - place] === upper[8]
  return (first === 'S' || first === 'T' ? 'JZIHGFEDCBA' : 'XWUTRQPNMLK')[place] === upper[8]
}

const oddPlaces: readonly number[] = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23] // prettier-ignore

/** The check letter of an Italian fiscal code. */
function isFiscalCode(upper: string): boolean {
  let sum = 0
  for (let index = 0; index < 15; index++) {
    const unit = upper.charCodeAt(index)
    const value = unit < 58 ? unit - 48 : unit - 65
    sum += index % 2 === 0 ? oddPlaces[value]! : value
  }
  return String.fromCharCode(65 + (sum % 26)) === upper[15]
}
