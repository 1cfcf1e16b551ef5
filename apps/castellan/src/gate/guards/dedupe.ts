import { fault } from '../../kernel/index.ts'
import type { CallStore } from '../call-store.ts'
import type { Guard } from '../guard.ts'
import { allow } from '../verdict.ts'

/**
 * Answers a call whose idempotency key already has an outcome with that outcome.
 * Throws `IDEMPOTENCY_MISMATCH` when the key stands for another call, `IDEMPOTENCY_IN_FLIGHT` when its call has not ended.
 */
export function dedupeGuard(calls: CallStore): Guard {
  return {
    name: 'dedupe',
    code: 'denied_limit',
    async check({ context, identity, digest }) {
      if (context.idempotencyKey === null) return allow
      const earlier = await calls.byKey(identity.tenant, identity.principal.id, context.idempotencyKey)
      if (!earlier) return allow
      if (earlier.record.digest !== digest) throw fault('IDEMPOTENCY_MISMATCH')
      if (!earlier.outcome) throw fault('IDEMPOTENCY_IN_FLIGHT')
      return { is: 'answered', outcome: earlier.outcome, by: earlier.record.id }
    },
  }
}
