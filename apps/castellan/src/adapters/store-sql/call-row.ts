import type { CallRecord } from '../../gate/index.ts'
import type { CallRow } from './tables.ts'

/** By name and never `*`: a statement prepared before a column is added must go on working. */
export const callColumns = [
  'calls.id',
  'calls.tenant',
  'calls.principal',
  'calls.server',
  'calls.capability',
  'calls.method',
  'calls.effect',
  'calls.digest',
  'calls.idempotency_key',
  'calls.correlation_id',
  'calls.state',
  'calls.outcome',
  'calls.started_at',
  'calls.ended_at',
  'calls.session',
  'calls.labels',
] as const

export function rowOf(record: CallRecord): CallRow {
  const { idempotencyKey, correlationId, startedAt, endedAt, labels, ...same } = record
  return {
    ...same,
    idempotency_key: idempotencyKey,
    correlation_id: correlationId,
    started_at: startedAt,
    ended_at: endedAt,
    labels: labels && JSON.stringify(labels),
  }
}

export function callOf(row: CallRow): CallRecord {
  return {
    id: row.id,
    tenant: row.tenant,
    principal: row.principal,
    server: row.server,
    capability: row.capability,
    method: row.method as CallRecord['method'],
    effect: row.effect as CallRecord['effect'],
    digest: row.digest,
    idempotencyKey: row.idempotency_key,
    correlationId: row.correlation_id,
    state: row.state as CallRecord['state'],
    outcome: row.outcome,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    session: row.session,
    labels: row.labels === null ? null : (JSON.parse(row.labels) as string[]),
  }
}
