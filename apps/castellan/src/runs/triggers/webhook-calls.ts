import { type Journal, newSalt } from '../../journal/index.ts'
import { type Clock, digestBytes, fault, isFault, isSigned, newId } from '../../kernel/index.ts'
import { CALLED } from './occasion.ts'
import type { TriggerStore } from './trigger-store.ts'

export interface WebhookCallsParts {
  readonly store: TriggerStore
  readonly journal: Journal
  /** The stored secret of a tenant. Throws `SECRET_UNREADABLE`. */
  readonly secret: (tenant: string, name: string) => Promise<string>
  readonly clock: Clock
  /** Most failures that are kept of one trigger. */
  readonly mostKept: number
}

/** What came in, as it came. */
export interface WebhookCall {
  readonly id: string
  readonly timestamp: string
  readonly signature: string
  readonly body: Uint8Array
}

/**
 * Lets signed calls from outside in: each is in the journal when this resolves, and once, however often its sender repeats it. Whoever
 * cannot sign learns nothing, not even which triggers there are. Throws `SIGNATURE_INVALID`, and `TRIGGER_STALLED` when as many failures of
 * the trigger are kept as may be, unless the call was let in before.
 *
 * Source: Standard Webhooks 1.0.
 */
export class WebhookCalls {
  readonly #parts: WebhookCallsParts

  constructor(parts: WebhookCallsParts) {
    this.#parts = parts
  }

  async take(tenant: string, id: string, call: WebhookCall): Promise<void> {
    const { store, journal, secret, clock, mostKept } = this.#parts
    const trigger = await store.one(tenant, id)
    if (trigger?.source.is !== 'webhook' || !trigger.enabled) throw fault('SIGNATURE_INVALID')
    const key = await secret(tenant, trigger.source.secret)
    if (!ID.test(call.id) || !isSigned(key, call, clock.now(), trigger.source.tolerance))
      throw fault('SIGNATURE_INVALID')
    const stream = `trigger-call:${id}:${call.id}`
    const kept = await store.kept(id)
    if (kept >= mostKept) {
      if ((await journal.store.readStream(tenant, stream)).length > 0) return
      throw fault('TRIGGER_STALLED', { name: trigger.name, kept, limit: mostKept })
    }
    const salt = newSalt()
    const bytes = Buffer.from(call.body)
    const digest = digestBytes(Buffer.concat([salt, bytes]))
    await journal.store.putBlob({ tenant, digest, salt, bytes })
    try {
      await journal.append({
        tenant,
        stream,
        seq: 0,
        type: CALLED,
        principal: WEBHOOK,
        correlationId: newId(),
        data: { trigger: id, name: trigger.name, webhook_id: call.id, bytes: bytes.length, body: digest },
      })
    } catch (error) {
      if (!isFault(error, 'STREAM_CONFLICT')) throw error
      await journal.store.eraseBlob(tenant, digest)
    }
  }
}

/** Stands in for the principal of whoever called: the signature proves that they have the secret, and not who they are. */
const WEBHOOK = 'webhook'
const ID = /^[\x21-\x7e]{1,200}$/
