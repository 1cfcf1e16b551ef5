import type { Actor } from '../../identity/index.ts'
import {
  type Entry,
  inPortions,
  type Journal,
  type Portion,
  type SeenTo,
  type SequencedEntry,
} from '../../journal/index.ts'
import { fault, isFault, type JsonObject, notFound } from '../../kernel/index.ts'
import type { Run } from '../run.ts'
import type { Ignition } from './ignition.ts'
import { failureStream } from './occasion.ts'
import type { Trigger } from './trigger.ts'
import type { Failure, TriggerStore } from './trigger-store.ts'

export interface TriggerFailuresParts {
  readonly store: TriggerStore
  readonly journal: Journal
  readonly ignition: Ignition
  /** A run was started. */
  readonly started: () => void
}

/** What happened and could not be made a run: it waits for somebody to try once more, or to drop it. */
export class TriggerFailures {
  readonly #parts: TriggerFailuresParts

  constructor(parts: TriggerFailuresParts) {
    this.#parts = parts
  }

  /** Newest first, before an offset, with what happened. */
  async list({ id, tenant }: Trigger, before: number, limit: number): Promise<readonly FailureOf[]> {
    const { store, journal } = this.#parts
    const found = await store.failures(id, before, limit)
    const offsets = found.map(({ offset }) => offset)
    const at = new Map((await journal.store.readAt(tenant, offsets)).map(entry => [entry.offset, entry]))
    return found.map(failure => ({ ...failure, entry: at.get(failure.offset)! }))
  }

  /**
   * Makes a run of it after all, by what the trigger is now and as whoever it acts for now. Throws `NOT_FOUND`, `TRIGGER_FULL`, and
   * `TRIGGER_INVALID` when it still cannot be one: then it waits on.
   */
  async redrive(trigger: Trigger, offset: number, actor: Actor): Promise<Run> {
    const { store, ignition, started } = this.#parts
    const { entry } = await this.#one(trigger, offset)
    const passage = await ignition.of(trigger, entry, AbortSignal.timeout(PATIENCE))
    if (passage?.is !== 'started')
      throw fault('TRIGGER_INVALID', { why: passage?.why ?? 'its condition does not hold for what happened' })
    const { run } = passage.run
    const told = await ignition.told(trigger, entry, passage)
    const redriven = this.#entry('redriven', trigger, offset, actor, { run: run.id })
    await store.redrive(trigger, offset, passage.run, [told, redriven])
    started()
    return run
  }

  /** Does so for the newest of a trigger before an offset, as far as there is room for runs. */
  redriveSome(trigger: Trigger, before: number, limit: number, actor: Actor): Promise<Portion> {
    return this.#some(trigger, before, limit, async offset => {
      try {
        await this.redrive(trigger, offset, actor)
        return 'done'
      } catch (error) {
        if (isFault(error, 'TRIGGER_FULL')) return 'full'
        if (isFault(error, 'TRIGGER_INVALID')) return 'stays'
        throw error
      }
    })
  }

  /** Forgets it; what happened stays in the journal. Throws `NOT_FOUND`. */
  async drop(trigger: Trigger, offset: number, actor: Actor): Promise<void> {
    await this.#parts.store.drop(trigger, offset, [this.#entry('dropped', trigger, offset, actor, {})])
  }

  /** Forgets the newest of a trigger before an offset. */
  dropSome(trigger: Trigger, before: number, limit: number, actor: Actor): Promise<Portion> {
    return this.#some(trigger, before, limit, async offset => {
      await this.drop(trigger, offset, actor)
      return 'done'
    })
  }

  async #some(
    { id }: Trigger,
    before: number,
    limit: number,
    seeTo: (offset: number) => Promise<SeenTo>,
  ): Promise<Portion> {
    const { store } = this.#parts
    const failures = await store.failures(id, before, limit + 1)
    const { done, last } = await inPortions(failures, limit, ({ offset }) => seeTo(offset))
    return { done, left: await store.kept(id), next: last === null ? null : String(last.offset) }
  }

  async #one(trigger: Trigger, offset: number): Promise<FailureOf> {
    const [found] = await this.list(trigger, offset + 1, 1)
    if (found?.offset !== offset) throw notFound('failure', String(offset))
    return found
  }

  #entry(what: string, { id, name, tenant }: Trigger, offset: number, actor: Actor, more: JsonObject): Entry {
    const { principal, correlationId } = actor
    // Its first line tells that it failed, and there is one thing that may become of it.
    const place = { tenant, stream: failureStream(id, offset), seq: 1 }
    const data = { trigger: id, name, offset, ...more }
    return this.#parts.journal.seal({ ...place, type: `trigger.${what}`, principal, correlationId, data })
  }
}

export interface FailureOf extends Failure {
  readonly entry: SequencedEntry
}

/** Milliseconds for what its expressions may take. */
const PATIENCE = 30_000
