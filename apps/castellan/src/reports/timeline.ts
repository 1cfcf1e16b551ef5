/** How a step ended, as far as a picture tells. */
export type Fate = 'ok' | 'denied' | 'waiting' | 'failed'

export interface Bucket {
  /** Milliseconds since 1970. */
  readonly from: number
  readonly until: number
  readonly counts: Readonly<Record<Fate, number>>
}

export function fateOf(decision: string): Fate {
  if (decision === 'ok') return 'ok'
  if (decision.startsWith('denied_')) return 'denied'
  return decision === 'needs_approval' || decision === 'dry_run' || decision === 'open' ? 'waiting' : 'failed'
}

/** Counts by time in buckets that grow with the span they have to cover, so that there are never many. */
export class Timeline {
  #width = 0
  #counts = new Map<number, Record<Fate, number>>()

  add(at: number, fate: Fate): void {
    const bucket = this.#bucketAt(at)
    const counts = this.#counts.get(bucket) ?? { ok: 0, denied: 0, waiting: 0, failed: 0 }
    counts[fate]++
    this.#counts.set(bucket, counts)
    while (this.#counts.size > MOST && this.#width < widths.length - 1) this.#widen()
  }

  /** Without gaps, from the first to the last; none when there was nothing. */
  buckets(): readonly Bucket[] {
    while (this.#span() > MOST && this.#width < widths.length - 1) this.#widen()
    const width = widths[this.#width]!
    const first = Math.min(...this.#counts.keys())
    return Array.from({ length: this.#span() }, (_, index) => ({
      from: (first + index) * width,
      until: (first + index + 1) * width,
      counts: this.#counts.get(first + index) ?? { ok: 0, denied: 0, waiting: 0, failed: 0 },
    }))
  }

  #span(): number {
    if (this.#counts.size === 0) return 0
    return Math.max(...this.#counts.keys()) - Math.min(...this.#counts.keys()) + 1
  }

  #bucketAt(at: number): number {
    return Math.floor(at / widths[this.#width]!)
  }

  #widen(): void {
    const before = widths[this.#width++]!
    const counts = this.#counts
    this.#counts = new Map()
    for (const [bucket, some] of counts) {
      const wider = this.#bucketAt(bucket * before)
      const sum = this.#counts.get(wider)
      if (!sum) this.#counts.set(wider, some)
      else for (const fate of ['ok', 'denied', 'waiting', 'failed'] as const) sum[fate] += some[fate]
    }
  }
}

const MOST = 60
const second = 1_000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour
/** Each a multiple of the one before, so that buckets can be put together. */
const widths = [
  second, 10 * second, minute, 5 * minute, 15 * minute, 30 * minute, hour, 3 * hour, 6 * hour, 12 * hour, day, 7 * day, 28 * day, 364 * day, 3_640 * day,
] // prettier-ignore
