import type { z } from 'zod'
import type * as wire from '@castellan/contracts'
import {
  cloudEvent,
  type DeadLetter,
  type PendingDelivery,
  type Standing,
  type SubscriptionSpec,
  type With,
} from '../../../journal/index.ts'
import { formatDuration, isoTime, parseDuration } from '../../../kernel/index.ts'

export function subscriptionSpec(input: z.output<typeof wire.subscriptionInput>): SubscriptionSpec {
  const { name, description, topic, principal, stream_prefix, webhook, retry, order, concurrency } = input
  return {
    name,
    description,
    topic,
    principal,
    streamPrefix: stream_prefix,
    target: { kind: 'webhook', ...webhook },
    retry: {
      maxAttempts: retry.max_attempts,
      firstPause: parseDuration(retry.first_pause),
      longestPause: parseDuration(retry.longest_pause),
    },
    order,
    concurrency,
  }
}

/** A subscription and how far it is from the end of the journal. */
export function wireSubscription(standing: Standing, head: number): wire.Subscription {
  const { subscription, cursor, pending, delivered, dead, failures, trouble } = standing
  const { target, retry } = subscription
  return {
    id: subscription.id,
    name: subscription.name,
    description: subscription.description,
    topic: subscription.topic,
    principal: subscription.principal,
    stream_prefix: subscription.streamPrefix,
    webhook: { url: target.url, secret: target.secret },
    retry: {
      max_attempts: retry.maxAttempts,
      first_pause: formatDuration(retry.firstPause),
      longest_pause: formatDuration(retry.longestPause),
    },
    order: subscription.order,
    concurrency: subscription.concurrency,
    version: subscription.version,
    paused: subscription.paused,
    standing: { cursor, behind: Math.max(0, head - cursor), pending, delivered, dead_letters: dead, failures, trouble },
  }
}

export function wireDelivery(delivery: With<PendingDelivery>, now: Date): wire.Delivery {
  const { offset, entry, state, attempts, dueIn, why } = delivery
  return {
    offset,
    event: cloudEvent(entry),
    state: state === 'underWay' ? 'under_way' : state,
    attempts,
    next_at: dueIn === null ? null : isoTime(new Date(now.getTime() + dueIn)),
    why,
  }
}

export function wireDeadLetter({
  id,
  subscription,
  offset,
  entry,
  attempts,
  why,
  diedAt,
}: With<DeadLetter>): wire.DeadLetter {
  return { id, subscription, offset, event: cloudEvent(entry), attempts, why, died_at: diedAt }
}
