import { isUniform, luhn } from './checksums.ts'
import type { Announcements } from './context.ts'
import { between, type DigitGroups } from './digit-groups.ts'
import type { Sighting } from './sighting.ts'

const maestro = [12, 13, 14, 15, 16, 17, 18, 19]

/** Who issues cards whose numbers begin so, and how long they are; `[from, to]` are compared by their own length. */
const issuers: readonly (readonly [from: string, to: string, lengths: readonly number[], usual: boolean])[] = [
  ['4', '4', [13, 16, 19], true],
  ['51', '55', [16], true],
  ['2221', '2720', [16], true],
  ['34', '34', [15], true],
  ['37', '37', [15], true],
  ['300', '305', [14, 16, 19], true],
  ['3095', '3095', [14, 16], true],
  ['36', '36', [14, 16], true],
  ['38', '39', [14, 16], true],
  ['6011', '6011', [16, 19], true],
  ['644', '649', [16, 19], true],
  ['65', '65', [16, 19], true],
  ['3528', '3589', [16, 19], true],
  ['2131', '2131', [15], true],
  ['1800', '1800', [15], true],
  ['3088', '3088', [16], true],
  ['3096', '3096', [16], true],
  ['3112', '3112', [16], true],
  ['3158', '3158', [16], true],
  ['3337', '3337', [16], true],
  ['62', '62', [16, 17, 18, 19], true],
  ['81', '82', [16], false],
  ['2200', '2204', [16], true],
  ['9792', '9792', [16], false],
  ['5018', '5018', maestro, true],
  ['5020', '5020', maestro, true],
  ['5038', '5038', maestro, true],
  ['5893', '5893', maestro, true],
  ['56', '58', maestro, true],
  ['6304', '6304', maestro, true],
  ['6390', '6390', maestro, true],
  ['6759', '6763', maestro, true],
  // Maestro and national schemes, which share their ranges and have many lengths.
  ['50', '50', maestro, false],
  ['60', '69', maestro, false],
]

const CLOSE = 48

/** A payment card whose number begins with a group, alone or in groups of four, six and five, or the like. */
export function cardAt(groups: DigitGroups, from: number, said: Announcements): Sighting | null {
  const upTo = endOfCard(groups, from)
  if (upTo === 0 || !groups.alone(from, upTo)) return null
  const digits = groups.digits(from, upTo)
  if (digits.length < 12 || digits.length > 19 || isUniform(digits)) return null
  const issuer = issuers.find(([first, last]) => {
    const beginning = digits.slice(0, first.length)
    return beginning >= first && beginning <= last
  })
  const start = groups.starts[from]!
  const end = groups.ends[upTo - 1]!
  const announced = said.near('card', start, CLOSE) || said.follows('card', end)
  const whole = upTo - from > 1
  if (luhn(digits)) {
    const known = issuer?.[2].includes(digits.length) === true
    if (known && (announced || (whole && digits.length > 12)))
      return { upTo, category: 'card', confidence: whole && !announced ? 0.9 : 0.97 }
    // One number in ten passes, so ranges that are hardly used need more than that.
    const sure = known && issuer[3] && !said.near('reference', start, 16)
    if (sure) return { upTo, category: 'card', confidence: 0.85 }
    return announced && digits.length > 12 ? { upTo, category: 'card', confidence: 0.7 } : null
  }
  // Numbers that people make up or mistype fail the check, and are still announced and grouped like cards.
  const like = issuer !== undefined && (digits.length === 16 || digits.length === 15)
  return like && announced ? { upTo, category: 'card', confidence: whole ? 0.65 : 0.55 } : null
}

/** How many groups a card takes: they have the same sign between them, and lengths as on a card. 0 when it is none. */
function endOfCard(groups: DigitGroups, from: number): number {
  const first = groups.length(from)
  if (first >= 12) return first <= 19 ? from + 1 : 0
  if (first === 4 && groups.length(from + 1) >= 3) {
    for (const [lengths, loose] of layouts) {
      if (!groups.are(from, lengths)) continue
      const upTo = from + lengths.length
      const sep = groups.uniform(from, upTo)
      if (sep !== between.dash && sep !== between.space && sep !== between.dot && sep !== between.wide && !mixed(groups, from, upTo)) continue // prettier-ignore
      // In a row of numbers of four digits none is a part of a card.
      const goesOn = groups.length(upTo) === 4 && groups.seps[upTo] === sep && loose !== true
      return goesOn ? 0 : upTo
    }
  }
  return dashed(groups, from)
}

/** Groups of any length, as long as dashes join them and nothing else. */
function dashed(groups: DigitGroups, from: number): number {
  if (groups.length(from) !== 4 || groups.seps[from + 1] !== between.dash) return 0
  let upTo = from + 1
  while (upTo < groups.count && upTo - from < 5 && groups.seps[upTo] === between.dash) upTo++
  return upTo - from >= 3 ? upTo : 0
}

const layouts: readonly (readonly [lengths: readonly number[], loose?: true])[] = [
  [[4, 4, 4, 4, 3]],
  [[4, 4, 4, 4]],
  [[4, 6, 5], true],
  [[4, 6, 4], true],
  [[4, 4, 4, 3]],
  [[4, 4, 4, 1], true],
  [[4, 4, 4, 2]],
  [[4, 4, 5], true],
  [[4, 4, 4]],
  [[4, 3, 3, 3], true],
]

/** Whether four groups have spaces and dashes between them, or a line break once. */
function mixed(groups: DigitGroups, from: number, upTo: number): boolean {
  if (upTo - from !== 4) return false
  let lines = 0
  for (let group = from + 1; group < upTo; group++) {
    const sep = groups.seps[group]!
    if (sep === between.line) lines++
    else if (sep !== between.space && sep !== between.dash) return false
  }
  return lines <= 1
}
