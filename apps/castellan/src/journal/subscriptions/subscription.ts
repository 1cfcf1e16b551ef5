import type { Entry } from '../entry.ts'
import { matchesTopic } from '../topic.ts'

/** What somebody wants to be handed of the journal, and where. */
export interface SubscriptionSpec {
  /** Unique in its tenant. */
  readonly name: string
  readonly description: string
  /** Topic pattern: `*` stands for one level, a final `>` for one or more. */
  readonly topic: string
  /** Only entries that this principal caused. */
  readonly principal: string | null
  /** Only entries whose stream begins so, such as `run:`. */
  readonly streamPrefix: string | null
  readonly target: Target
  readonly retry: RetryPolicy
  /** Of one stream, an entry waits until the one before it arrived or was given up; or each goes by itself. */
  readonly order: 'stream' | 'none'
  /** Deliveries under way at once, over all processes. */
  readonly concurrency: number
}

/** Where entries are handed over. */
export interface Target {
  readonly kind: 'webhook'
  readonly url: string
  /** Name of the stored secret that signs what is sent. */
  readonly secret: string
}

export interface RetryPolicy {
  /** The first included. */
  readonly maxAttempts: number
  /** Milliseconds: the bound of the first pause, doubled with each attempt. */
  readonly firstPause: number
  /** Milliseconds: the bound of any pause. */
  readonly longestPause: number
}

export interface Subscription extends SubscriptionSpec {
  readonly id: string
  readonly tenant: string
  readonly version: number
  /** Why and since when nothing is handed over; null while it is. */
  readonly paused: { readonly why: string; readonly at: string } | null
}

/** Where a new subscription begins to read: after the newest entry, before the oldest, or after an offset. */
export type Start = 'now' | 'beginning' | { readonly after: number }

/** How far a subscription has got. */
export interface Standing {
  readonly subscription: Subscription
  /** The offset up to which the journal was looked through. */
  readonly cursor: number
  /** Deliveries that have not arrived yet. */
  readonly pending: number
  readonly delivered: number
  /** Dead letters there are now. */
  readonly dead: number
  /** Attempts that failed since one succeeded. */
  readonly failures: number
  /** Why the last of them did. */
  readonly trouble: string | null
}

/** Whether an entry of its tenant is one that a subscription wants. */
export function wants(
  { topic, principal, streamPrefix }: SubscriptionSpec,
  entry: Pick<Entry, 'type' | 'stream' | 'principal' | 'data'>,
): boolean {
  if (principal !== null && entry.principal !== principal) return false
  if (streamPrefix !== null && !entry.stream.startsWith(streamPrefix)) return false
  return matchesTopic(topic, entry.type) && !goesInCircles(topic, entry)
}

/**
 * What cannot be delivered is told of, and that cannot be delivered either, for ever. So whoever wants everything does not get what is
 * told of deliveries, and nobody gets what is told of the delivery of that.
 */
function goesInCircles(topic: string, { type, data }: Pick<Entry, 'type' | 'data'>): boolean {
  if (!type.startsWith(DELIVERIES)) return false
  const of = data['of']
  return !topic.startsWith(DELIVERIES) || (typeof of === 'string' && of.startsWith(DELIVERIES))
}

const DELIVERIES = 'delivery.'

/**
 * Milliseconds before the next attempt, after so many: any time up to a bound that doubles, so that those who failed together do not
 * come back together. Source: M. Brooker, Exponential Backoff And Jitter ("full jitter"), AWS 2015.
 */
export function pauseBeforeNext(attempts: number, { firstPause, longestPause }: RetryPolicy, chance: number): number {
  return Math.round(chance * Math.min(longestPause, firstPause * 2 ** Math.min(attempts - 1, 40)))
}
