/** A number exactly as it is written, `digits` × 10^-`scale`: money is never multiplied in binary fractions. */
export interface Decimal {
  readonly digits: bigint
  readonly scale: number
}

/** The decimal that a number, or a text of digits such as "19.99", shows; null for what is neither, or below zero. */
export function decimalOf(value: unknown): Decimal | null {
  const text = typeof value === 'number' ? String(value) : value
  if (typeof text !== 'string' || text.length > LONGEST) return null
  const [, whole, fraction = '', exponent = '0'] = WRITTEN.exec(text) ?? []
  if (whole === undefined) return null
  const scale = fraction.length - Number(exponent)
  const digits = BigInt(whole + fraction)
  return scale < 0 ? { digits: digits * 10n ** BigInt(-scale), scale: 0 } : { digits, scale }
}

/** Millionths of a product, rounded up; at most what a number holds exactly. */
export function millionths(a: Decimal, b: Decimal = ONE): number {
  const product = a.digits * b.digits * 1_000_000n
  const unit = 10n ** BigInt(a.scale + b.scale)
  return bounded((product + unit - 1n) / unit)
}

/** The price of so many at a price for each million, rounded up. */
export function perMillion(count: number, price: number): number {
  return bounded((BigInt(count) * BigInt(price) + 999_999n) / 1_000_000n)
}

function bounded(value: bigint): number {
  return value > MOST ? Number.MAX_SAFE_INTEGER : Number(value)
}

const ONE: Decimal = { digits: 1n, scale: 0 }
const MOST = BigInt(Number.MAX_SAFE_INTEGER)
const LONGEST = 40
const WRITTEN = /^(\d+)(?:\.(\d+))?(?:e([+-]?\d{1,3}))?$/
