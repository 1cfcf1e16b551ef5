import { createHash } from 'node:crypto'
import { percentile } from './report/statistics.ts'

/** Median microseconds of one unit of work that any machine does about as fast as it does ours. */
export function calibrate(): number {
  const message = {
    id: 1,
    items: Array.from({ length: 40 }, (_, index) => ({ name: `item ${index}`, at: index * 1.5 })),
  }
  const times = new Float64Array(3_000)
  for (const index of times.keys()) {
    const started = performance.now()
    const text = JSON.stringify(message)
    createHash('sha256').update(text).digest('hex')
    JSON.parse(text)
    times[index] = (performance.now() - started) * 1_000
  }
  return percentile(times.subarray(1_000).toSorted(), 50)
}
