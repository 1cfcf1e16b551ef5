import type { Actor, Identity } from '../../identity/index.ts'
import type { Journal, SequencedEntry } from '../../journal/index.ts'
import { fault, isFault, type JsonObject, type JsonValue, newId, parseStrict } from '../../kernel/index.ts'
import type { OnBehalf } from '../run.ts'
import type { NewRun } from '../run-store.ts'
import type { Expressions } from '../workflow/expressions.ts'
import { chainStream, failureStream, FIRED, refusal, scopeOf } from './occasion.ts'
import type { Trigger, TriggerStart } from './trigger.ts'
import type { Passage } from './trigger-store.ts'

export interface IgnitionParts {
  readonly journal: Journal
  readonly expressions: Pick<Expressions, 'evaluate'>
  /** Whoever a trigger acts for, as they are now. Throws `UNAUTHENTICATED`. */
  readonly actingFor: (tenant: string, by: OnBehalf) => Promise<Identity>
  /** A run of what is named, as that is now; nothing is started yet. Throws `NOT_FOUND`, and what it says of an input. */
  readonly prepare: (starts: TriggerStart, identity: Identity, actor: Actor) => Promise<NewRun>
}

/** What becomes of an entry that a trigger is for: null when its condition does not hold. */
export class Ignition {
  readonly #parts: IgnitionParts

  constructor(parts: IgnitionParts) {
    this.#parts = parts
  }

  /** Throws `STORE_UNAVAILABLE` alone. */
  async of(trigger: Trigger, entry: SequencedEntry, signal: AbortSignal): Promise<Passage | null> {
    try {
      return await this.#passage(trigger, entry, signal)
    } catch (error) {
      if (!isFault(error) || error.code === 'STORE_UNAVAILABLE') throw error
      return { is: 'failed', why: error.code === 'UNAUTHENTICATED' ? NOBODY : error.message }
    }
  }

  /** What the journal is told besides. */
  async told(trigger: Trigger, { offset, id: cause, correlationId }: SequencedEntry, passage: Passage) {
    const { journal } = this.#parts
    const { id, tenant, name, source } = trigger
    const common = { tenant, seq: 0, principal: 'system', causationId: cause }
    const data = { trigger: id, name, kind: source.is, offset }
    switch (passage.is) {
      case 'started': {
        const { run } = passage.run
        const chain = [...(await this.#chainOf(tenant, correlationId)), id]
        return journal.seal({
          ...common,
          stream: chainStream(run.correlationId),
          type: FIRED,
          correlationId: run.correlationId,
          data: { ...data, run: run.id, chain },
        })
      }
      case 'failed':
        return journal.seal({
          ...common,
          stream: failureStream(id, offset),
          type: 'trigger.failed',
          correlationId,
          data: { ...data, why: passage.why },
        })
      case 'refused':
        // Once for all that has the same cause, since that may be much.
        return journal.seal({
          ...common,
          stream: `trigger-refusal:${id}:${correlationId}`,
          type: 'trigger.refused',
          correlationId,
          data: { ...data, why: passage.why },
        })
      default:
        throw passage satisfies never
    }
  }

  async #passage(trigger: Trigger, entry: SequencedEntry, signal: AbortSignal): Promise<Passage | null> {
    const { actingFor, prepare } = this.#parts
    const { tenant, by, condition, starts } = trigger
    const scope = scopeOf(trigger, entry, await this.#bodyOf(entry))
    if (condition !== null && (await this.#evaluated(`=$boolean(${condition})`, scope, signal)) !== true) return null
    // After the condition, so that nothing is told of what would have started nothing.
    const refused = refusal(trigger, await this.#chainOf(tenant, entry.correlationId))
    if (refused !== null) return { is: 'refused', why: refused }
    const input = await this.#evaluated(starts.input, scope, signal)
    const identity = await actingFor(tenant, by)
    const actor = { tenant, principal: by.principal, correlationId: newId() }
    return { is: 'started', run: await prepare({ ...starts, input }, identity, actor) }
  }

  async #evaluated(template: JsonValue, scope: JsonObject, signal: AbortSignal): Promise<JsonValue> {
    const came = await this.#parts.expressions.evaluate(template, scope, signal)
    if (came.is === 'value') return came.value
    if (signal.aborted) throw fault('STORE_UNAVAILABLE', { why: 'it is stopping' })
    throw fault('TRIGGER_INVALID', { why: came.why })
  }

  async #chainOf(tenant: string, correlationId: string): Promise<readonly string[]> {
    const [first] = await this.#parts.journal.store.readStream(tenant, chainStream(correlationId))
    return first === undefined ? [] : (first.data['chain'] as readonly string[])
  }

  /** What a webhook brought: kept beside the journal, which has its digest. */
  async #bodyOf({ tenant, data }: SequencedEntry): Promise<JsonValue> {
    const digest = data['body']
    if (typeof digest !== 'string') return null
    const blob = await this.#parts.journal.store.blob(tenant, digest)
    if (!blob) return null
    const text = Buffer.from(blob.bytes).toString('utf8')
    try {
      return parseStrict(text)
    } catch {
      return text
    }
  }
}

const NOBODY = 'whoever it acts for may no longer act here; let somebody who may describe it anew'
