import type { Table } from './table.ts'

/**
 * Why so many cannot agree any more, once too many members have failed; null while enough are left. Whoever fails later, such as those
 * who are stopped because of it, is no part of why.
 */
export function quorumLost(table: Table, needed: number): string | null {
  const { members } = table.seen.definition.team
  const gone = table.failed.slice(0, members.length - needed + 1)
  const left = members.length - gone.length
  if (left >= needed) return null
  const each = gone.map(({ member, why }) => `"${member}" failed (${why})`).join(', ')
  return `${needed} of ${members.length} are needed, and ${left === 1 ? '1 is' : `${left} are`} left: ${each}`
}
