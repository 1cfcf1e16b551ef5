/** How much a finding matters: `critical` lets people in or effects out, `warning` weakens, `advice` could be better. */
export type Severity = 'critical' | 'warning' | 'advice'

/** One thing that could be better, why it matters, and the command or setting that mends it. */
export interface Finding {
  readonly severity: Severity
  readonly what: string
  readonly why: string
  readonly fix: string
}

export type Grade = 'A' | 'B' | 'C' | 'D' | 'F'

/** What each finding costs, and the most that all of its severity cost together. */
const COSTS = { critical: [50, 100], warning: [10, 60], advice: [2, 10] } as const

/**
 * Points from 0 to 100 and the grade they stand for. Something critical is never better than F, a warning never better
 * than B, and advice alone is always an A.
 */
export function gradeOf(findings: readonly Pick<Finding, 'severity'>[]): {
  readonly points: number
  readonly grade: Grade
} {
  const count = (severity: Severity) => findings.filter(each => each.severity === severity).length
  const cost = (severity: Severity) => Math.min(COSTS[severity][1], COSTS[severity][0] * count(severity))
  const points = Math.max(0, 100 - cost('critical') - cost('warning') - cost('advice'))
  if (count('critical') > 0) return { points: Math.min(points, 39), grade: 'F' }
  if (count('warning') > 0)
    return { points: Math.min(points, 89), grade: points >= 75 ? 'B' : points >= 60 ? 'C' : 'D' }
  return { points, grade: 'A' }
}
