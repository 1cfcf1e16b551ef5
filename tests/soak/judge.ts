import type { Vitals } from './vitals.ts'

/** How much what a control plane holds at rest may grow over the second half of a soak, at most: a share, and megabytes. */
const bounds = {
  heap: { share: 0.05, atLeast: 3 },
  resident: { share: 0.1, atLeast: 20 },
} as const

/** Descriptors beyond those of before: pools open connections as they need them, up to their size. */
const MORE_DESCRIPTORS = 24
/** Fewer rests than this show no trend. */
const FEWEST = 4

export interface Trend {
  readonly what: string
  /** Megabytes over the second half. */
  readonly growth: number
  readonly allowed: number
}

/** Growth over the second half of the rests; none when there were too few. */
export function trendsOf(rests: readonly Vitals[]): Trend[] {
  const half = rests.slice(Math.floor(rests.length / 2))
  if (half.length < FEWEST) return []
  return (['heap', 'resident'] as const).map(what => {
    const points = half.map(vitals => ({ at: vitals.at, value: vitals[what] ?? Number.NaN }))
    const typical = median(points.map(({ value }) => value))
    const { share, atLeast } = bounds[what]
    const seconds = points.at(-1)!.at - points[0]!.at
    return { what, growth: slope(points) * seconds, allowed: Math.max(share * typical, atLeast) }
  })
}

/**
 * What is not flat, in words. `rests` are the vitals at each rest, in order: the last must hold no more than those of the first
 * half did, of which not all were looked at when everything was up.
 */
export function judge(rests: readonly Vitals[]): string[] {
  const last = rests.at(-1)
  if (last === undefined || rests.length < 2) return ['it never rested twice, so nothing is known']
  const before = rests.slice(0, Math.ceil(rests.length / 2))
  const wrong = trendsOf(rests)
    .filter(({ growth, allowed }) => !(growth <= allowed))
    .map(
      ({ what, growth, allowed }) =>
        `${what} memory grows: ${growth.toFixed(1)} MB, and ${allowed.toFixed(1)} are allowed`,
    )
  const atRest = (what: 'descriptors' | 'threads' | 'children' | 'sessions' | 'underWay', most: number) => {
    if (!(last[what] <= most))
      wrong.push(`${last[what]} ${what} are left at the last rest, and at most ${most} should be`)
  }
  // How many of these there are goes up and down: a few rests do not show how far.
  for (const what of rests.length < 2 * FEWEST ? [] : (['descriptors', 'threads', 'children'] as const)) {
    const most = Math.max(...before.map(each => each[what]))
    atRest(what, what === 'descriptors' ? most + MORE_DESCRIPTORS : most)
  }
  atRest('sessions', 0)
  atRest('underWay', 0)
  return wrong
}

/** Source: the estimator of Theil and Sen, the median of the slopes between all pairs of points; outliers do not move it. */
function slope(points: readonly { readonly at: number; readonly value: number }[]): number {
  const slopes = points.flatMap((a, index) => points.slice(index + 1).map(b => (b.value - a.value) / (b.at - a.at)))
  return median(slopes)
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
