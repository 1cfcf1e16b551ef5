import type { ReportSummary } from '@castellan/contracts'
import type { Charts } from './report.ts'

/** Every latency there was, eight bytes each: what is said of them is exact. */
export class Latencies {
  #values = new Float64Array(1_024)
  #count = 0

  add(milliseconds: number): void {
    if (this.#count === this.#values.length) {
      const more = new Float64Array(this.#count * 2)
      more.set(this.#values)
      this.#values = more
    }
    this.#values[this.#count++] = milliseconds
  }

  /** Percentiles by nearest rank. */
  summary(): ReportSummary['latency_ms'] {
    if (this.#count === 0) return null
    const sorted = this.#values.subarray(0, this.#count).sort()
    const at = (percent: number) => sorted[Math.ceil((percent / 100) * this.#count) - 1]!
    return { count: this.#count, max: sorted[this.#count - 1]!, p50: at(50), p95: at(95), p99: at(99) }
  }

  histogram(): Charts['latencies'] {
    const counts = bounds.map(upTo => ({ upTo, count: 0 }))
    for (const value of this.#values.subarray(0, this.#count)) counts.find(({ upTo }) => value <= upTo)!.count++
    const last = counts.findLastIndex(({ count }) => count > 0)
    return counts.slice(0, last + 1)
  }
}

const bounds = [1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000, Number.POSITIVE_INFINITY]
