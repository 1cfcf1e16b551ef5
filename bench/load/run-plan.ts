import { type Lane, openLanes } from './lanes.ts'
import type { Load, Plan } from './plan.ts'
import { percentile } from '../report/statistics.ts'

/** Keeps so many calls under way for the planned time and tells how that went; ends what it opened. */
export async function runPlan(plan: Plan): Promise<Load> {
  const { lanes, close } = await openLanes(plan)
  try {
    let warmUpCalls = 0
    await keepCalling(lanes, plan.warmUp, Number.POSITIVE_INFINITY, () => warmUpCalls++)
    const latencies = new Float64Array(plan.maxCalls + plan.concurrency)
    let calls = 0
    let errors = 0
    let firstError: string | null = null
    const processor = process.cpuUsage()
    const started = performance.now()
    await keepCalling(lanes, plan.measured, plan.maxCalls, (latency, wrong) => {
      latencies[calls++] = latency
      if (wrong === null) return
      errors++
      firstError ??= wrong
    })
    const took = performance.now() - started
    const { user, system } = process.cpuUsage(processor)
    const sorted = latencies.subarray(0, calls).sort()
    return {
      calls,
      warmUpCalls,
      errors,
      firstError,
      callsPerSecond: ((calls - errors) / took) * 1_000,
      p50: percentile(sorted, 50),
      p99: percentile(sorted, 99),
      max: sorted.at(-1) ?? Number.NaN,
      ownProcessor: (user + system) / 1_000 / took,
    }
  } finally {
    await close()
  }
}

/** Milliseconds after the end of the time within which what is under way must be answered. */
const PATIENCE = 15_000

function keepCalling(
  lanes: readonly Lane[],
  milliseconds: number,
  most: number,
  note: (latency: number, wrong: string | null) => void,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const end = performance.now() + milliseconds
  const timer = setTimeout(() => reject(new Error('calls are not answered')), milliseconds + PATIENCE)
  let busy = lanes.length
  let begun = 0
  const next = (lane: Lane) => {
    const start = performance.now()
    if (start >= end || begun >= most) {
      if (--busy === 0) resolve()
      return
    }
    begun++
    lane.call(wrong => {
      note(performance.now() - start, wrong)
      // A lane that is broken would only count its own errors.
      if (wrong === null) next(lane)
      else setTimeout(next, 10, lane)
    })
  }
  for (const lane of lanes) next(lane)
  return promise.finally(() => clearTimeout(timer))
}
