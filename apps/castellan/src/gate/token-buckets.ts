import type { Clock } from '../kernel/index.ts'
import type { Rate } from './limits.ts'

/** Token buckets by key: full at first, refilled evenly, one token a call. */
export class TokenBuckets {
  readonly #clock: Clock
  readonly #buckets = new Map<string, { tokens: number; at: number }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Takes one token; false when there is none. */
  take(key: string, rate: Rate): boolean {
    const now = this.#clock.monotonic()
    const bucket = this.#buckets.get(key) ?? { tokens: rate.calls, at: now }
    const refilled = Math.min(rate.calls, bucket.tokens + ((now - bucket.at) * rate.calls) / rate.per)
    this.#buckets.delete(key)
    this.#buckets.set(key, { tokens: refilled >= 1 ? refilled - 1 : refilled, at: now })
    // The one used longest ago is nearest to full, so forgetting it gives away the least.
    if (this.#buckets.size > MAX_BUCKETS) this.#buckets.delete(this.#buckets.keys().next().value!)
    return refilled >= 1
  }
}

const MAX_BUCKETS = 100_000
