import type { CallAnswer, CallRecord as WireRecord } from '@castellan/contracts'
import { type Answer, type CallRecord, needsApproval, wireOutcome } from '../../../gate/index.ts'

export function callAnswer(answer: Exclude<Answer, { is: 'denied' }>): CallAnswer {
  const call = { call_id: answer.callId, replay_of: null }
  switch (answer.is) {
    case 'dryRun':
      return { ...call, outcome: 'dry_run', message: 'The call would be allowed. Nothing was sent.' }
    case 'needsApproval':
      return { ...call, outcome: 'needs_approval', approval_id: answer.approvalId, message: needsApproval(answer) }
    case 'outcome': {
      const { outcome, replayOf } = answer
      return {
        ...call,
        replay_of: replayOf,
        outcome: wireOutcome(outcome) as CallAnswer['outcome'],
        ...('result' in outcome ? { result: outcome.result } : {}),
        ...('error' in outcome ? { error: outcome.error } : {}),
        ...('message' in outcome ? { message: outcome.message } : {}),
      }
    }
    default:
      throw answer satisfies never
  }
}

export function callRecord(record: CallRecord): WireRecord {
  return {
    id: record.id,
    principal: record.principal,
    server: record.server,
    capability: record.capability,
    method: record.method,
    effect: record.effect,
    state: record.state,
    outcome: record.outcome,
    correlation_id: record.correlationId,
    idempotency_key: record.idempotencyKey,
    session_id: record.session,
    labels: [...(record.labels ?? [])],
    started_at: record.startedAt,
    ended_at: record.endedAt,
  }
}
