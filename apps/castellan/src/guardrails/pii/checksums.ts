/** Check digits of numbers that are given as strings of digits. */

/** ISO/IEC 7812-1 annex B: cards, and many other numbers. */
export function luhn(digits: string): boolean {
  let sum = 0
  for (let index = digits.length - 1, double = false; index >= 0; index--, double = !double) {
    const digit = digits.charCodeAt(index) - 48
    sum += double ? (digit > 4 ? digit * 2 - 9 : digit * 2) : digit
  }
  return sum % 10 === 0
}

/** The sum of the digits, each times its weight; as many as there are weights. */
export function weighted(digits: string, weights: readonly number[]): number {
  return weights.reduce((sum, weight, index) => sum + weight * (digits.charCodeAt(index) - 48), 0)
}

/** The remainder of a long number, which may have letters counted from A = 10 as ISO 7064 does. */
export function remainder(signs: string, divisor: number): number {
  let rest = 0
  for (let index = 0; index < signs.length; index++) {
    const unit = signs.charCodeAt(index)
    rest = unit < 58 ? (rest * 10 + unit - 48) % divisor : (rest * 100 + (unit | 32) - 87) % divisor
  }
  return rest
}

/** ISO 7064 MOD 11,10, the last digit being the check digit. */
export function mod1110(digits: string): boolean {
  let product = 10
  for (let index = 0; index < digits.length - 1; index++) {
    const sum = (digits.charCodeAt(index) - 48 + product) % 10
    product = ((sum === 0 ? 10 : sum) * 2) % 11
  }
  return (11 - product) % 10 === digits.charCodeAt(digits.length - 1) - 48
}

const rotations = ['0123456789', '1576283094', '5803796142', '8916043527', '9453126870', '4286573901', '2793806415', '7046913258'] // prettier-ignore
const products = ['0123456789', '1234067895', '2340178956', '3401289567', '4012395678', '5987604321', '6598710432', '7659821043', '8765932104', '9876543210'] // prettier-ignore

/** Verhoeff's scheme over the dihedral group of ten elements, the last digit being the check digit. */
export function verhoeff(digits: string): boolean {
  let check = 0
  for (let index = 0; index < digits.length; index++) {
    const digit = digits.charCodeAt(digits.length - 1 - index) - 48
    const rotated = rotations[index % 8]!.charCodeAt(digit) - 48
    check = products[check]!.charCodeAt(rotated) - 48
  }
  return check === 0
}

/** Digits that nobody was ever given: all the same. */
export function isUniform(digits: string): boolean {
  for (let index = 1; index < digits.length; index++) if (digits[index] !== digits[0]) return false
  return true
}
