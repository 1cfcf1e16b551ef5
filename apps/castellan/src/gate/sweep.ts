import type { Journal } from '../journal/index.ts'
import { type Clock, isFault, isJsonObject } from '../kernel/index.ts'
import { inFull } from './budgets/charges.ts'
import type { CallStore } from './call-store.ts'

/**
 * Ends the calls whose end a crash hid: whatever may have changed something becomes
 * `indeterminate`, a read `error`. None is repeated, and what was reserved for them counts as spent. Returns how many there were.
 */
export async function sweepUnfinished(calls: CallStore, journal: Journal, clock: Clock): Promise<number> {
  let swept = 0
  for (;;) {
    const unfinished = await calls.unfinished(500)
    if (unfinished.length === 0) return swept
    const before = swept
    for (const record of unfinished) {
      const outcome = record.effect === 'read' ? 'error' : 'indeterminate'
      const [intent] = await journal.store.readStream(record.tenant, `call:${record.id}`)
      const charges = intent?.data['charges']
      const entry = journal.seal({
        tenant: record.tenant,
        stream: `call:${record.id}`,
        seq: 1,
        type: 'call.ended',
        principal: 'system',
        correlationId: record.correlationId,
        data: {
          server: record.server,
          capability: record.capability,
          effect: record.effect,
          outcome,
          swept: true,
          ...(isJsonObject(charges) ? { charges } : {}),
        },
      })
      // What may be repeated gives its key back, so that asking again repeats it.
      const kept =
        record.idempotencyKey === null || record.effect !== 'unsafe'
          ? null
          : ({
              is: 'indeterminate',
              message: `It is not known whether "${record.capability}" of "${record.server}" took effect: the control plane stopped before its end was seen. Do not repeat it before you have checked.`,
            } as const)
      try {
        await calls.close(
          { ...record, state: 'ended', outcome, endedAt: clock.now().toISOString() },
          kept,
          [entry],
          isJsonObject(charges) ? inFull(record.tenant, charges) : [],
        )
        swept++
      } catch (error) {
        // Another process was faster, or the one it belonged to was there after all.
        if (!isFault(error) || error.kind !== 'conflict') throw error
      }
    }
    if (swept === before) return swept
  }
}
