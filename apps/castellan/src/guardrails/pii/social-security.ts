import type { Announcements } from './context.ts'
import { between, type DigitGroups } from './digit-groups.ts'
import type { Sighting } from './sighting.ts'

const CLOSE = 40

/** A US social security number, or the taxpayer's number that is written alike. */
export function socialSecurityAt(groups: DigitGroups, from: number, said: Announcements): Sighting | null {
  const start = groups.starts[from]!
  const whole = groups.are(from, [3, 2, 4])
  if (!whole && groups.length(from) !== 9) return null
  const upTo = whole ? from + 3 : from + 1
  if (!groups.alone(from, upTo)) return null
  const sep = whole ? groups.uniform(from, upTo) : -1
  const end = groups.ends[upTo - 1]!
  const announced = said.near('ssn', start, CLOSE) || said.near('itin', start, CLOSE) || said.follows('ssn', end)
  if (whole && sep !== between.dash && !(sep === between.space && standsAlone(groups, from, upTo)) && !announced) return null // prettier-ignore
  if (!whole && !announced) return null
  const digits = groups.digits(from, upTo)
  if (digits.slice(3, 5) === '00' || digits.slice(5) === '0000') return null
  if (isTaxpayer(digits)) {
    const sure = sep === between.dash || announced
    return sure ? { upTo, category: 'itin', confidence: announced ? 0.95 : 0.8 } : null
  }
  const possible = digits < '900' && !digits.startsWith('000') && !digits.startsWith('666')
  if (possible) return { upTo, category: 'ssn', confidence: announced ? 0.97 : sep === between.dash ? 0.85 : 0.6 }
  // Examples are made up with areas that are never given, and so are numbers of people who do not want to tell theirs.
  return announced && whole ? { upTo, category: 'ssn', confidence: 0.6 } : null
}

function standsAlone(groups: DigitGroups, from: number, upTo: number): boolean {
  return groups.seps[from] !== between.space && groups.seps[upTo] !== between.space
}

function isTaxpayer(digits: string): boolean {
  const group = Number(digits.slice(3, 5))
  return digits[0] === '9' && group >= 50 && group <= 99 && group !== 66 && group !== 89 && group !== 93
}
