import type { Entry } from '../entry.ts'
import type { DeadLetter, Delivery, PendingDelivery } from './delivery.ts'
import type { Standing, Subscription } from './subscription.ts'

export interface DeliveryWish {
  /** Who claims: one process. */
  readonly owner: string
  readonly most: number
  /** Of what this owner has under way at once, as much may be of one tenant. */
  readonly mostOfTenant: number
  /** Milliseconds after which a delivery is anybody's again. */
  readonly lease: number
  /** The tenant that was served last: the ones after it come first. */
  readonly after: string
  /** Subscriptions of which none is wanted now. */
  readonly except: ReadonlySet<string>
}

/**
 * The port behind subscriptions, what is on its way to them and what never arrived. Times are those of the store, so that the clocks of
 * its users need not agree. Entries that are given are appended in the same transaction. Every adapter passes
 * `subscription-store.testsuite.ts`.
 */
export interface SubscriptionStore {
  /** Of a tenant, or of all, by name. */
  subscriptions(tenant?: string): Promise<Standing[]>
  /** Saves the first version of one, which has looked through the journal up to `cursor`. Throws `NAME_TAKEN`. */
  create(subscription: Subscription, cursor: number, entries: readonly Entry[]): Promise<void>
  /** Saves the next version of one; what is pending is due at once. Throws `NAME_TAKEN`, `VERSION_CONFLICT`. */
  save(subscription: Subscription, entries: readonly Entry[]): Promise<void>
  /** Removes one with all that was on its way. Throws `NOT_FOUND`. */
  remove(tenant: string, id: string, entries: readonly Entry[]): Promise<void>

  /**
   * Moves the cursor of a subscription, and has what matched on the way delivered: both or neither. Throws `VERSION_CONFLICT` when
   * somebody else moved it, or when it was paused or changed meanwhile.
   */
  feed(
    subscription: Subscription,
    from: number,
    to: number,
    matched: readonly { readonly offset: number; readonly lane: string }[],
  ): Promise<void>

  /**
   * Takes deliveries that are due, the first of each lane: of each tenant in turn, of each of its subscriptions in turn. Each counts as an attempt, and nobody
   * else gets it until the lease is over. Resolves with none when others were faster.
   */
  claim(wish: DeliveryWish): Promise<Delivery[]>
  /**
   * Makes everything due that is held by somebody who is certainly gone: all of it, in a store that one process at a time may use,
   * and nothing in others. For a start.
   */
  freeOrphans(): Promise<void>
  /** It arrived: nothing is left of it but a count, and the next in its lane is due. Throws `DELIVERY_LOST`. */
  delivered(delivery: Delivery): Promise<void>
  /** It did not, and is due again in so many milliseconds. Throws `DELIVERY_LOST`. */
  retry(delivery: Delivery, dueIn: number, why: string): Promise<void>
  /** It was not attempted after all. */
  giveBack(delivery: Delivery, dueIn: number): Promise<void>
  /** It is given up, and the next in its lane is due. Throws `DELIVERY_LOST`. */
  bury(delivery: Delivery, letter: DeadLetter, entries: readonly Entry[]): Promise<void>
  /** Milliseconds until another delivery becomes due, at most `most`. */
  nextDue(most: number): Promise<number>
  /** What has not arrived, by offset, after one. */
  pending(tenant: string, subscription: string, after: number, limit: number): Promise<PendingDelivery[]>

  /** Newest first, older than the one with id `before`; of one subscription, or of all. */
  deadLetters(tenant: string, subscription: string | null, before: string | null, limit: number): Promise<DeadLetter[]>
  deadLetter(tenant: string, id: string): Promise<DeadLetter | undefined>
  /** Has a dead letter delivered once more. Throws `NOT_FOUND` when it is not there any more. */
  redrive(letter: DeadLetter, entries: readonly Entry[]): Promise<void>
  /** Forgets one. Throws `NOT_FOUND`. */
  drop(letter: DeadLetter, entries: readonly Entry[]): Promise<void>
}
