import { matchesPattern } from '../../registry/index.ts'
import { perMillion } from './decimal.ts'
import type { ModelPrice } from './price.ts'
import { byPrecision } from './precision.ts'

/** What one step of a model used, in tokens. `cached` is the part of `input` that came from the provider's cache. */
export interface ModelUsage {
  readonly input: number
  readonly output: number
  readonly cached: number
}

/** The price of a model: of those that match, the one that says most precisely which. Null when nobody knows it. */
export function priceOfModel(
  provider: string,
  model: string,
  overrides: readonly ModelPrice[],
  table: readonly ModelPrice[],
): ModelPrice | null {
  const name = `${provider}/${model}`
  for (const prices of [overrides, table]) {
    const [best] = prices.filter(price => matchesPattern(price.model, name)).toSorted(byPrecision(each => each.model))
    if (best) return best
  }
  return null
}

/**
 * Millionths of the currency that a step of a model cost, rounded up, and 1 in `unpriced` when there is no price for it: a step
 * without a price is never free, only unknown.
 */
export function costOfModel(price: ModelPrice | null, usage: ModelUsage): { money: number; unpriced: number } {
  if (price === null) return { money: 0, unpriced: 1 }
  const cached = Math.min(usage.cached, usage.input)
  const parts = [
    perMillion(usage.input - cached, price.input),
    perMillion(cached, price.cached ?? price.input),
    perMillion(usage.output, price.output),
  ]
  return { money: parts.reduce((a, b) => Math.min(a + b, Number.MAX_SAFE_INTEGER)), unpriced: 0 }
}
