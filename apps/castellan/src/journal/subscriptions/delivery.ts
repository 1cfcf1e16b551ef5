import type { Subscription } from './subscription.ts'

/** An entry on its way to a subscriber, held by whoever attempts it. */
export interface Delivery {
  readonly subscription: Subscription
  /** Of the entry. */
  readonly offset: number
  /** Those of one lane go one after the other. */
  readonly lane: string
  /** The attempt that is made now, from 1. */
  readonly attempt: number
  /** Goes up with each that holds it: whoever has an older one holds it no longer. */
  readonly fence: number
}

/** How a delivery stands that has not arrived. */
export interface PendingDelivery {
  readonly offset: number
  readonly lane: string
  /** Attempts so far, one that is under way included. */
  readonly attempts: number
  /** `waiting` for the one before it in its lane, `due` at a time, or `underWay`. */
  readonly state: 'waiting' | 'due' | 'underWay'
  /** Milliseconds until the next attempt, 0 when it is due; null unless it is `due`. */
  readonly dueIn: number | null
  /** Why the last attempt failed. */
  readonly why: string | null
}

/** A delivery that was given up. The entry stays where it is, in the journal. */
export interface DeadLetter {
  readonly id: string
  readonly tenant: string
  /** Id of the subscription. */
  readonly subscription: string
  readonly offset: number
  readonly lane: string
  readonly attempts: number
  /** Why the last attempt failed. */
  readonly why: string
  /** RFC 3339. */
  readonly diedAt: string
}

/** The lane of an entry. */
export function laneOf({ order }: Pick<Subscription, 'order'>, entry: { offset: number; stream: string }): string {
  return order === 'stream' ? entry.stream : `#${entry.offset}`
}
