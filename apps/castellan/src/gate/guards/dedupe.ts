import { fault } from '../../kernel/index.ts'
import type { Call } from '../call.ts'
import type { CallStore } from '../call-store.ts'
import type { Guard } from '../guard.ts'
import { allow, type Verdict } from '../verdict.ts'

/**
 * Answers a call whose idempotency key already has an outcome with that outcome.
 * Throws `IDEMPOTENCY_MISMATCH` when the key stands for another call, `IDEMPOTENCY_IN_FLIGHT` when its call has not ended.
 */
export function dedupeGuard(calls: CallStore): Guard {
  return {
    name: 'dedupe',
    code: 'denied_limit',
    check: call =>
      call.context.idempotencyKey === null ? allow : earlierOutcome(calls, call, call.context.idempotencyKey),
  }
}

async function earlierOutcome(calls: CallStore, { identity, digest }: Call, key: string): Promise<Verdict> {
  const earlier = await calls.byKey(identity.tenant, identity.principal.id, key)
  if (!earlier) return allow
  if (earlier.record.digest !== digest) throw fault('IDEMPOTENCY_MISMATCH')
  if (!earlier.outcome) throw fault('IDEMPOTENCY_IN_FLIGHT')
  return { is: 'answered', outcome: earlier.outcome, by: earlier.record.id }
}
