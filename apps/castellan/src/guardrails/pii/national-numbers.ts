import { isUniform, luhn, mod1110, remainder, verhoeff, weighted } from './checksums.ts'
import type { Announced, Announcements } from './context.ts'
import { between, type DigitGroups } from './digit-groups.ts'
import type { Sighting } from './sighting.ts'

interface NationalNumber {
  readonly category: string
  /** The word that announces it. */
  readonly announced: Announced
  readonly digits: number
  /** How it is written in groups. */
  readonly layout: readonly number[]
  /** What is between its groups; null for spaces, dashes or dots alike. */
  readonly separators: readonly number[] | null
  /** Whether it is believed without being announced: when written in groups, in any form, or never. */
  readonly believed: 'grouped' | 'always' | 'never'
  valid(digits: string): boolean
}

const { dash, dot, slash, space } = between

/** Numbers of persons and of their taxes, of digits only, with a check that most other numbers fail. */
const nationalNumbers: readonly NationalNumber[] = [
  {
    category: 'br-cpf',
    announced: 'cpf',
    digits: 11,
    layout: [3, 3, 3, 2],
    separators: [dot, dot, dash],
    believed: 'grouped',
    valid: isCpf,
  },
  {
    category: 'br-cnpj',
    announced: 'cnpj',
    digits: 14,
    layout: [2, 3, 3, 4, 2],
    separators: [dot, dot, slash, dash],
    believed: 'grouped',
    valid: isCnpj,
  },
  {
    category: 'fr-nir',
    announced: 'nir',
    digits: 15,
    layout: [1, 2, 2, 2, 3, 3, 2],
    separators: null,
    believed: 'always',
    valid: digits => /^[12]\d\d(?:0[1-9]|1[0-2]|[2-4]\d)/.test(digits) && 97 - remainder(digits.slice(0, 13), 97) === Number(digits.slice(13)), // prettier-ignore
  },
  {
    category: 'in-aadhaar',
    announced: 'aadhaar',
    digits: 12,
    layout: [4, 4, 4],
    separators: null,
    believed: 'grouped',
    valid: digits => digits[0]! >= '2' && verhoeff(digits),
  },
  {
    category: 'nhs-number',
    announced: 'nhs',
    digits: 10,
    layout: [3, 3, 4],
    separators: null,
    believed: 'never',
    valid: isNhs,
  },
  {
    category: 'au-abn',
    announced: 'abn',
    digits: 11,
    layout: [2, 3, 3, 3],
    separators: [space, space, space],
    believed: 'grouped',
    valid: digits => digits[0] !== '0' && weighted(`${Number(digits[0]) - 1}${digits.slice(1)}`, [10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19]) % 89 === 0, // prettier-ignore
  },
  {
    category: 'de-tax-id',
    announced: 'deTax',
    digits: 11,
    layout: [2, 3, 3, 3],
    separators: [space, space, space],
    believed: 'grouped',
    valid: digits => digits[0] !== '0' && repeatsOne(digits.slice(0, 10)) && mod1110(digits),
  },
  {
    category: 'pl-pesel',
    announced: 'pesel',
    digits: 11,
    layout: [11],
    separators: null,
    believed: 'never',
    valid: digits => weighted(digits, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]) % 10 === 0,
  },
  {
    category: 'nl-bsn',
    announced: 'bsn',
    digits: 9,
    layout: [3, 3, 3],
    separators: null,
    believed: 'never',
    valid: digits => weighted(digits, [9, 8, 7, 6, 5, 4, 3, 2, -1]) % 11 === 0,
  },
  {
    category: 'au-tfn',
    announced: 'tfn',
    digits: 9,
    layout: [3, 3, 3],
    separators: null,
    believed: 'never',
    valid: digits => weighted(digits, [1, 4, 3, 7, 5, 8, 6, 9, 10]) % 11 === 0,
  },
  {
    category: 'ca-sin',
    announced: 'sin',
    digits: 9,
    layout: [3, 3, 3],
    separators: null,
    believed: 'never',
    valid: luhn,
  },
  {
    category: 'routing-number',
    announced: 'routing',
    digits: 9,
    layout: [9],
    separators: null,
    believed: 'never',
    valid: digits => /^(?:0\d|1[0-2]|2[1-9]|3[0-2]|6[1-9]|7[0-2]|80)/.test(digits) && weighted(digits, [3, 7, 1, 3, 7, 1, 3, 7, 1]) % 10 === 0, // prettier-ignore
  },
  {
    category: 'npi',
    announced: 'npi',
    digits: 10,
    layout: [10],
    separators: null,
    believed: 'never',
    valid: digits => (digits[0] === '1' || digits[0] === '2') && luhn(`80840${digits}`),
  },
]

/** By the length of the first group. */
const numbersByLength = Array.from({ length: 16 }, (_, length) => {
  const fitting = nationalNumbers.filter(({ layout, digits }) => layout[0] === length || digits === length)
  return fitting.length > 0 ? fitting : null
})

const CLOSE = 44

/** A national number that begins with a group, written as usual or as one group of digits. */
export function nationalNumberAt(groups: DigitGroups, from: number, said: Announcements): Sighting | null {
  const first = groups.length(from)
  const start = groups.starts[from]!
  let best: Sighting | null = null
  let bestSaid = -1
  const numbers = numbersByLength[first]
  if (!numbers) return null
  for (const number of numbers) {
    const grouped = number.layout.length > 1 && first === number.layout[0] && groups.are(from, number.layout)
    if (!grouped && first !== number.digits) continue
    const upTo = grouped ? from + number.layout.length : from + 1
    if (!groups.alone(from, upTo) || (grouped && !separatedAsUsual(groups, from, upTo, number))) continue
    const announced = said.near(number.announced, start, CLOSE) || said.follows(number.announced, groups.ends[upTo - 1]!) // prettier-ignore
    if (!announced && number.believed !== 'always' && !(grouped && number.believed === 'grouped')) continue
    // What is one of many numbers in a row was not written as one number.
    if (!announced && groups.seps[from + 1] === space && (groups.seps[upTo] === space || groups.seps[from] === space)) continue // prettier-ignore
    const digits = groups.digits(from, upTo)
    if (isUniform(digits) || !number.valid(digits)) continue
    // Several kinds may fit; what was announced last is meant.
    const last = announced ? Math.max(0, said.last(number.announced)) : -1
    if (best && last <= bestSaid) continue
    best = { upTo, category: number.category, confidence: announced ? 0.95 : 0.7 }
    bestSaid = last
  }
  return best
}

function separatedAsUsual(groups: DigitGroups, from: number, upTo: number, number: NationalNumber): boolean {
  const { separators } = number
  if (separators) return separators.every((kind, index) => groups.seps[from + 1 + index] === kind)
  const sep = groups.uniform(from, upTo)
  return sep === space || sep === dash || sep === dot
}

function isCpf(digits: string): boolean {
  const check = (count: number) => {
    let sum = 0
    for (let index = 0; index < count; index++) sum += Number(digits[index]) * (count + 1 - index)
    return ((sum * 10) % 11) % 10 === Number(digits[count])
  }
  return check(9) && check(10)
}

function isCnpj(digits: string): boolean {
  const check = (weights: readonly number[]) => {
    const rest = weighted(digits, weights) % 11
    return (rest < 2 ? 0 : 11 - rest) === Number(digits[weights.length])
  }
  const weights = [6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]
  return check(weights.slice(1)) && check(weights)
}

function isNhs(digits: string): boolean {
  const rest = 11 - (weighted(digits, [10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11)
  return rest !== 10 && rest % 11 === Number(digits[9])
}

/** Of the first ten digits of a German tax number exactly one is there twice or three times. */
function repeatsOne(digits: string): boolean {
  const counts = Array.from({ length: 10 }, (_, digit) => digits.split(String(digit)).length - 1)
  const repeated = counts.filter(count => count > 1)
  return repeated.length === 1 && repeated[0]! <= 3
}
