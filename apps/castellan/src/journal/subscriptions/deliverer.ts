import { Breakers, type BreakerSettings, type Clock, isFault, isoTime, newId } from '../../kernel/index.ts'
import type { SequencedEntry } from '../entry.ts'
import { hintedOrDue } from '../hinted-or-due.ts'
import type { Journal } from '../journal.ts'
import type { Courier, Reception } from './courier.ts'
import type { Delivery } from './delivery.ts'
import { pauseBeforeNext, type Target } from './subscription.ts'
import type { SubscriptionStore } from './subscription-store.ts'
import type { Subscriptions } from './subscriptions.ts'

export interface DelivererParts {
  readonly store: SubscriptionStore
  readonly journal: Journal
  readonly subscriptions: Pick<Subscriptions, 'ended'>
  /** By the kind of target. */
  readonly couriers: Readonly<Record<Target['kind'], Courier>>
  readonly clock: Clock
  readonly breaker: BreakerSettings
  /** One arrived, or was given up. */
  readonly left: (subscription: string) => void
  readonly onBug: (error: unknown) => void
}

export interface DelivererSettings {
  /** Deliveries this process attempts at once. */
  readonly slots: number
  /** Milliseconds for one attempt. */
  readonly patience: number
  /** Milliseconds after which the deliveries of a process that is gone are anybody's; longer than an attempt may take. */
  readonly lease: number
}

export const delivererByDefault: DelivererSettings = { slots: 32, patience: 10_000, lease: 30_000 }

/** Claims deliveries that are due and attempts them, as many at once as there are slots. */
export class Deliverer {
  readonly #owner: string
  readonly #parts: DelivererParts
  readonly #settings: DelivererSettings
  readonly #circuits: Breakers
  readonly #underWay = new Set<Promise<void>>()
  readonly #breakingOff = new AbortController()
  readonly #brokenOff = Promise.withResolvers<void>()
  /** Where subscriptions lead that had a failure. */
  readonly #failing = new Map<string, string>()
  #lastTenant = ''
  #stopping = false

  /** `owner` is this process, and no other. */
  constructor(owner: string, parts: DelivererParts, settings: DelivererSettings = delivererByDefault) {
    this.#owner = owner
    this.#parts = parts
    this.#settings = settings
    this.#circuits = new Breakers(parts.clock, parts.breaker)
  }

  /** Takes on what there are slots for; resolves with how many that were. Each that ends calls back. */
  async turn(ended: () => void): Promise<number> {
    const { slots, lease } = this.#settings
    const most = slots - this.#underWay.size
    if (most <= 0 || this.#stopping) return 0
    const wish = { owner: this.#owner, most, mostOfTenant: mostOf(slots), lease, after: this.#lastTenant }
    const until = this.#parts.clock.monotonic() + lease
    const claimed = await this.#parts.store.claim({ ...wish, except: this.#resting() })
    const entries = await this.#entriesOf(claimed)
    for (const delivery of claimed) {
      this.#lastTenant = delivery.subscription.tenant
      const entry = entries.get(delivery.offset)
      if (!entry) throw new Error(`there is no entry ${delivery.offset} to be delivered`)
      const attempt = this.#attempt(delivery, entry, until)
        // Without the store nothing can be said of it, and when the lease is over somebody attempts it again.
        .catch(error => {
          if (!isFault(error, 'STORE_UNAVAILABLE')) this.#parts.onBug(error)
        })
        .finally(() => {
          this.#underWay.delete(attempt)
          ended()
        })
      this.#underWay.add(attempt)
    }
    return claimed.length
  }

  /** Takes on nothing more. What is under way may end until the signal aborts, and is broken off then. */
  async stop(signal: AbortSignal): Promise<void> {
    this.#stopping = true
    const breakOff = () => {
      this.#breakingOff.abort()
      this.#brokenOff.resolve()
    }
    signal.addEventListener('abort', breakOff, { once: true })
    if (signal.aborted) breakOff()
    await Promise.all(this.#underWay)
    signal.removeEventListener('abort', breakOff)
  }

  /** Subscriptions whose target gets a rest. */
  #resting(): ReadonlySet<string> {
    return new Set(
      [...this.#failing]
        .filter(([, place]) => this.#circuits.restsFor(place) > 0 || this.#circuits.state(place) === 'halfOpen')
        .map(([subscription]) => subscription),
    )
  }

  /** Each read by the tenant it is for, so that nobody is handed what is not theirs. */
  async #entriesOf(claimed: readonly Delivery[]): Promise<ReadonlyMap<number, SequencedEntry>> {
    const groups = Map.groupBy(claimed, ({ subscription }) => subscription.tenant)
    const read = ([tenant, some]: [string, readonly Delivery[]]) =>
      this.#parts.journal.store.readAt(
        tenant,
        some.map(({ offset }) => offset),
      )
    const found = await Promise.all([...groups].map(read))
    return new Map(found.flat().map(entry => [entry.offset, entry]))
  }

  async #attempt(delivery: Delivery, entry: SequencedEntry, until: number): Promise<void> {
    const { store, clock } = this.#parts
    const { subscription } = delivery
    // Whoever stood still for so long would come after those who went on without them.
    if (clock.monotonic() >= until) return
    const place = placeOf(subscription.tenant, subscription.target)
    // Claimed while it was still being found out that nobody is there.
    if (!this.#circuits.admit(place)) return this.#write(() => store.giveBack(delivery, REST), until)
    const reception = await this.#handOver(delivery, entry).catch((bug: unknown) => {
      this.#circuits.abandoned(place)
      throw bug
    })
    if (reception === null) {
      this.#circuits.abandoned(place)
      return this.#write(() => store.giveBack(delivery, 0), until)
    }
    this.#note(subscription.id, place, reception)
    await this.#write(() => this.#settle(delivery, entry, reception), until)
  }

  /** Null when it was broken off before anything was known. */
  async #handOver({ subscription }: Delivery, entry: SequencedEntry): Promise<Reception | null> {
    const { signal } = this.#breakingOff
    const patience = AbortSignal.any([signal, AbortSignal.timeout(this.#settings.patience)])
    const reception = await this.#parts.couriers[subscription.target.kind](subscription, entry, patience)
    return signal.aborted && reception.is === 'refused' ? null : reception
  }

  #note(subscription: string, place: string, reception: Reception): void {
    if (reception.is === 'refused' && !reception.alive) {
      this.#failing.set(subscription, place)
      this.#circuits.failed(place)
    } else {
      this.#failing.delete(subscription)
      this.#circuits.succeeded(place)
    }
  }

  async #settle(delivery: Delivery, entry: SequencedEntry, reception: Reception): Promise<void> {
    const { store, subscriptions, left } = this.#parts
    const { subscription, attempt } = delivery
    switch (reception.is) {
      case 'accepted':
        await store.delivered(delivery)
        return left(subscription.id)
      case 'gone': {
        const author = { tenant: subscription.tenant, principal: 'system', correlationId: entry.correlationId }
        await subscriptions.ended(subscription, reception.why, author)
        return store.giveBack(delivery, 0)
      }
      case 'refused': {
        const { why, retryIn } = reception
        if (attempt >= subscription.retry.maxAttempts) return this.#bury(delivery, entry, why)
        return store.retry(
          delivery,
          Math.max(retryIn ?? 0, pauseBeforeNext(attempt, subscription.retry, Math.random())),
          why,
        )
      }
      default:
        throw reception satisfies never
    }
  }

  async #bury(delivery: Delivery, entry: SequencedEntry, why: string): Promise<void> {
    const { store, journal, clock, left } = this.#parts
    const { subscription, offset, lane, attempt: attempts } = delivery
    const { id: name, tenant } = subscription
    const letter = {
      id: newId(),
      tenant,
      subscription: name,
      offset,
      lane,
      attempts,
      why,
      diedAt: isoTime(clock.now()),
    }
    const told = journal.seal({
      tenant,
      stream: `dead-letter:${letter.id}`,
      seq: 0,
      type: 'delivery.dead_lettered',
      principal: 'system',
      correlationId: entry.correlationId,
      causationId: entry.id,
      data: { subscription: name, name: subscription.name, offset, of: entry.type, attempts, why },
    })
    await store.bury(delivery, letter, [told])
    left(name)
  }

  /** Writes down what became of an attempt, for as long as it is ours: whoever comes after us would repeat it. */
  async #write(write: () => Promise<void>, until: number): Promise<void> {
    for (;;) {
      try {
        return await write()
      } catch (error) {
        if (isFault(error, 'DELIVERY_LOST')) return
        if (!isFault(error, 'STORE_UNAVAILABLE')) throw error
        if (this.#parts.clock.monotonic() >= until || this.#breakingOff.signal.aborted) throw error
      }
      await hintedOrDue(this.#brokenOff.promise, AGAIN)
    }
  }
}

/** Milliseconds between two attempts to write something down. */
const AGAIN = 250
/** Milliseconds for which a delivery waits that found a circuit open. */
const REST = 1_000

/** One tenant never has all slots of a process, so that the first delivery of another finds one. */
function mostOf(slots: number): number {
  return Math.max(1, slots - Math.ceil(slots / 4))
}

/** What fails together: the targets of one tenant on one host. */
function placeOf(tenant: string, { url }: Target): string {
  return `${tenant} ${URL.parse(url)?.origin ?? url}`
}
