import { failed, type Outcome } from './outcome.ts'
import type { MemberFailed, Table } from './table.ts'

/**
 * The end, once too many members have failed for so many to agree; null while enough are left. Whoever fails later, such as those who
 * are stopped because of it, is no part of why. `what` cannot be any more.
 */
export function quorumLost(table: Table, needed: number, what: string): Outcome | null {
  const { members } = table.seen.definition.team
  const gone = table.failed.slice(0, members.length - needed + 1)
  const left = members.length - gone.length
  if (left >= needed) return null
  const there = `${needed} of ${members.length} are needed, and ${left === 1 ? '1 is' : `${left} are`} left`
  return lost(`${what}: ${there}`, gone)
}

/** The end for want of those who failed. */
export function lost(why: string, gone: readonly MemberFailed[]): Outcome {
  const each = gone.map(({ member, why: own }) => `"${member}" failed (${own})`).join(', ')
  return failed(
    `${why}: ${each}`,
    gone.map(({ step }) => step),
  )
}
