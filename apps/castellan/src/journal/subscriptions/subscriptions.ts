import { type Clock, fault, isFault, isoTime, type JsonObject, newId, notFound } from '../../kernel/index.ts'
import type { Author } from '../author.ts'
import type { Entry, SequencedEntry } from '../entry.ts'
import { inPortions, type Portion } from '../in-portions.ts'
import type { Journal } from '../journal.ts'
import type { DeadLetter, PendingDelivery } from './delivery.ts'
import type { Standing, Start, Subscription, SubscriptionSpec } from './subscription.ts'
import type { SubscriptionStore } from './subscription-store.ts'

export interface SubscriptionParts {
  readonly store: SubscriptionStore
  readonly journal: Journal
  readonly clock: Clock
  /** Told of every change, so that it shows soon. */
  readonly changed: () => void
}

/** An entry with what keeps it from its subscriber. */
export type With<T> = T & { readonly entry: SequencedEntry }

/** The subscriptions of the tenants, and what never arrived; every change goes through store and journal. */
export class Subscriptions {
  readonly #parts: SubscriptionParts

  constructor(parts: SubscriptionParts) {
    this.#parts = parts
  }

  /** Of a tenant, or of all. */
  list(tenant?: string): Promise<readonly Standing[]> {
    return this.#parts.store.subscriptions(tenant)
  }

  /** Throws `NOT_FOUND`. */
  async get(tenant: string, idOrName: string): Promise<Standing> {
    const all = await this.#parts.store.subscriptions(tenant)
    const found = all.find(({ subscription: { id, name } }) => id === idOrName || name === idOrName)
    if (!found) throw notFound('subscription', idOrName)
    return found
  }

  /** Throws `NAME_TAKEN`, and `REQUEST_INVALID` for a start beyond the end. */
  async create(spec: SubscriptionSpec, start: Start, author: Author): Promise<Standing> {
    const { store, journal } = this.#parts
    const head = await journal.store.head()
    const cursor = start === 'now' ? head : start === 'beginning' ? 0 : start.after
    if (cursor > head)
      throw fault('REQUEST_INVALID', { why: `it cannot start after ${cursor}: the journal ends at ${head}` })
    const subscription: Subscription = { ...spec, id: newId(), tenant: author.tenant, version: 1, paused: null }
    await store.create(subscription, cursor, [this.#entry('created', subscription, author, { ...told(spec), cursor })])
    this.#parts.changed()
    return { subscription, cursor, pending: 0, delivered: 0, dead: 0, failures: 0, trouble: null }
  }

  /** Describes one anew, as a whole; it goes on where it is. Throws `NOT_FOUND`, `NAME_TAKEN`, `VERSION_CONFLICT`. */
  async replace(idOrName: string, spec: SubscriptionSpec, author: Author): Promise<Standing> {
    const standing = await this.get(author.tenant, idOrName)
    const subscription = await this.#save(standing.subscription, spec, 'updated', author, told(spec))
    return { ...standing, subscription }
  }

  /** Nothing more is handed over; what matches meanwhile waits. Changes nothing when it is paused already. Throws `NOT_FOUND`. */
  async pause(idOrName: string, why: string, author: Author): Promise<Standing> {
    const standing = await this.get(author.tenant, idOrName)
    if (standing.subscription.paused !== null) return standing
    const paused = { why, at: isoTime(this.#parts.clock.now()) }
    const subscription = await this.#save(standing.subscription, { paused }, 'paused', author, { why })
    return { ...standing, subscription }
  }

  /** Pauses one as whoever listens there wanted, unless it was changed since. */
  async ended(subscription: Subscription, why: string, author: Author): Promise<void> {
    const paused = { why, at: isoTime(this.#parts.clock.now()) }
    try {
      await this.#save(subscription, { paused }, 'paused', author, { why })
    } catch (error) {
      if (!isFault(error, 'VERSION_CONFLICT')) throw error
    }
  }

  /** What is pending is due at once. Changes nothing when it is not paused. Throws `NOT_FOUND`. */
  async resume(idOrName: string, author: Author): Promise<Standing> {
    const standing = await this.get(author.tenant, idOrName)
    if (standing.subscription.paused === null) return standing
    const subscription = await this.#save(standing.subscription, { paused: null }, 'resumed', author, {})
    return { ...standing, subscription }
  }

  /** Forgets one with all that was on its way, and its dead letters. Throws `NOT_FOUND`. */
  async remove(idOrName: string, author: Author): Promise<void> {
    const { subscription, pending, dead } = await this.get(author.tenant, idOrName)
    const last = { ...subscription, version: subscription.version + 1 }
    const entry = this.#entry('removed', last, author, { name: subscription.name, pending, dead })
    await this.#parts.store.remove(author.tenant, subscription.id, [entry])
    this.#parts.changed()
  }

  /** What has not arrived, by offset, after one. */
  async pending({ tenant, id }: Subscription, after: number, limit: number): Promise<With<PendingDelivery>[]> {
    return this.#withEntries(tenant, await this.#parts.store.pending(tenant, id, after, limit))
  }

  /** Newest first, older than the one with id `before`; of one subscription, or of all. */
  async deadLetters(
    tenant: string,
    subscription: string | null,
    before: string | null,
    limit: number,
  ): Promise<With<DeadLetter>[]> {
    return this.#withEntries(tenant, await this.#parts.store.deadLetters(tenant, subscription, before, limit))
  }

  /** Has a dead letter delivered once more, as if it had just matched. Throws `NOT_FOUND`. */
  async redrive(id: string, author: Author): Promise<void> {
    await this.#redrive(await this.#letter(id, author), author)
    this.#parts.changed()
  }

  /** Has the newest dead letters of a subscription that are older than one delivered once more. Throws `NOT_FOUND`. */
  async redriveSome(idOrName: string, before: string | null, limit: number, author: Author): Promise<Portion> {
    const portion = await this.#some(idOrName, before, limit, author, letter => this.#redrive(letter, author))
    this.#parts.changed()
    return portion
  }

  /** Forgets a dead letter. Throws `NOT_FOUND`. */
  async drop(id: string, author: Author): Promise<void> {
    await this.#drop(await this.#letter(id, author), author)
  }

  /** Forgets the newest dead letters of a subscription that are older than one. Throws `NOT_FOUND`. */
  dropSome(idOrName: string, before: string | null, limit: number, author: Author): Promise<Portion> {
    return this.#some(idOrName, before, limit, author, letter => this.#drop(letter, author))
  }

  /** From the newest back, so that what dies again meanwhile is not driven again for ever. */
  async #some(
    idOrName: string,
    before: string | null,
    limit: number,
    { tenant }: Author,
    change: (letter: DeadLetter) => Promise<void>,
  ): Promise<Portion> {
    const { subscription } = await this.get(tenant, idOrName)
    const letters = await this.#parts.store.deadLetters(tenant, subscription.id, before, limit + 1)
    const { done, last } = await inPortions(letters, limit, async letter => {
      await change(letter)
      return 'done'
    })
    const { dead } = await this.get(tenant, subscription.id)
    return { done, left: dead, next: last?.id ?? null }
  }

  async #letter(id: string, { tenant }: Author): Promise<DeadLetter> {
    const letter = await this.#parts.store.deadLetter(tenant, id)
    if (!letter) throw notFound('dead letter', id)
    return letter
  }

  #redrive(letter: DeadLetter, author: Author): Promise<void> {
    return this.#parts.store.redrive(letter, [this.#letterEntry('delivery.redriven', letter, author)])
  }

  #drop(letter: DeadLetter, author: Author): Promise<void> {
    return this.#parts.store.drop(letter, [this.#letterEntry('delivery.dropped', letter, author)])
  }

  async #withEntries<T extends { readonly offset: number }>(tenant: string, found: readonly T[]): Promise<With<T>[]> {
    const entries = await this.#parts.journal.store.readAt(
      tenant,
      found.map(({ offset }) => offset),
    )
    const at = new Map(entries.map(entry => [entry.offset, entry]))
    return found.map(each => ({ ...each, entry: at.get(each.offset)! }))
  }

  async #save(
    before: Subscription,
    change: Partial<Subscription>,
    what: string,
    author: Author,
    data: JsonObject,
  ): Promise<Subscription> {
    const subscription: Subscription = { ...before, ...change, version: before.version + 1 }
    await this.#parts.store.save(subscription, [this.#entry(what, subscription, author, data)])
    this.#parts.changed()
    return subscription
  }

  #entry(what: string, { id, version }: Subscription, author: Author, data: JsonObject): Entry {
    const { tenant, principal, correlationId } = author
    const place = { tenant, stream: `subscription:${id}`, seq: version - 1 }
    return this.#parts.journal.seal({ ...place, type: `subscription.${what}`, principal, correlationId, data })
  }

  #letterEntry(type: string, letter: DeadLetter, { principal, correlationId }: Author): Entry {
    const { id, tenant, subscription, offset } = letter
    // Its first line tells of its death, and there is one thing that may become of it.
    const place = { tenant, stream: `dead-letter:${id}`, seq: 1 }
    return this.#parts.journal.seal({ ...place, type, principal, correlationId, data: { subscription, offset } })
  }
}

function told({ name, topic, principal, streamPrefix, target, order }: SubscriptionSpec): JsonObject {
  return { name, topic, of: principal, stream_prefix: streamPrefix, url: target.url, order }
}
