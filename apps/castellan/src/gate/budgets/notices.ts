import type { Draft } from '../../journal/index.ts'
import { newId } from '../../kernel/index.ts'
import type { Account } from './account.ts'
import type { Budget } from './budget.ts'
import type { Cause } from './spender.ts'

export type Notice = Omit<Draft, 'stream' | 'seq'>

/** What the journal is told of a budget because of a call. */
export function notice(
  type: 'budget.soft_reached' | 'budget.exceeded',
  { id: causationId, correlationId }: Cause,
  { id, tenant, name, unit, soft, limit, grace }: Budget,
  { spent, key: { period, subject } }: Account,
): Notice {
  return {
    tenant,
    type,
    principal: 'system',
    correlationId,
    causationId,
    data: { budget: id, grace, limit, name, period, soft, spent, subject, unit },
  }
}

/** A stream of its own: calls that run side by side would fight for the next place in that of the budget. */
export function inOneStream(notices: readonly Notice[]): Draft[] {
  if (notices.length === 0) return []
  const stream = `budget_notice:${newId()}`
  return notices.map((each, seq) => ({ ...each, stream, seq }))
}
