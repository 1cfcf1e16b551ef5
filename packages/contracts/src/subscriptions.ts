import { z } from 'zod'
import { journalEvent } from './call.ts'
import { duration, groupName, id, line, text, timestamp, topicPattern, webhook } from './common.ts'

const subscriptionFields = {
  description: text(2_000).default(''),
  /** What is handed over: a pattern over types. */
  topic: topicPattern,
  /** Only what this principal caused. */
  principal: line(200).nullable().default(null),
  /** Only entries whose stream begins so, such as `run:`. */
  stream_prefix: line(200).nullable().default(null),
  webhook,
  retry: z
    .strictObject({
      max_attempts: z.int().min(1).max(100).default(20),
      /** The longest pause after the first attempt; it doubles with each. */
      first_pause: duration.default('5s'),
      longest_pause: duration.default('1h'),
    })
    .prefault({}),
  /** `stream`: of one stream, an entry waits until the one before it arrived or was given up. */
  order: z.enum(['stream', 'none']).default('stream'),
  /** Deliveries under way at once. */
  concurrency: z.int().min(1).max(100).default(8),
}

export const subscriptionInput = z
  .strictObject({ name: groupName, ...subscriptionFields })
  .meta({ id: 'SubscriptionWish' })
export type SubscriptionInput = z.input<typeof subscriptionInput>

export const subscriptionCreate = subscriptionInput
  .extend({
    /** With what comes from now on, with the oldest entry, or after an offset. */
    start: z.union([z.enum(['now', 'beginning']), z.strictObject({ after: z.int().min(0) })]).default('now'),
  })
  .meta({ id: 'NewSubscription' })
export type SubscriptionCreate = z.input<typeof subscriptionCreate>

export const subscription = z
  .object({
    id,
    name: z.string(),
    ...subscriptionFields,
    version: z.int(),
    /** Why and since when nothing is handed over; null while it is. */
    paused: z.object({ why: z.string(), at: timestamp }).nullable(),
    standing: z.object({
      /** The offset up to which the journal was looked through. */
      cursor: z.int(),
      /** Entries of the journal after it. */
      behind: z.int(),
      /** Entries that have not arrived yet. */
      pending: z.int(),
      delivered: z.int(),
      dead_letters: z.int(),
      /** Attempts that failed since one succeeded. */
      failures: z.int(),
      /** Why the last of them did. */
      trouble: z.string().nullable(),
    }),
  })
  .meta({ id: 'Subscription' })
export type Subscription = z.infer<typeof subscription>

export const pauseSubscription = z.strictObject({ reason: text(2_000).optional() }).meta({ id: 'SubscriptionPause' })

export const delivery = z
  .object({
    offset: z.int(),
    event: journalEvent,
    /** `waiting` for the one before it of its stream, `due` at a time, or `under_way`. */
    state: z.enum(['waiting', 'due', 'under_way']),
    attempts: z.int(),
    /** When it is attempted next, unless it waits or is under way. */
    next_at: timestamp.nullable(),
    /** Why the last attempt failed. */
    why: z.string().nullable(),
  })
  .meta({ id: 'Delivery' })
export type Delivery = z.infer<typeof delivery>

export const deadLetter = z
  .object({
    id,
    /** Id of the subscription. */
    subscription: z.string(),
    offset: z.int(),
    event: journalEvent,
    attempts: z.int(),
    why: z.string(),
    died_at: timestamp,
  })
  .meta({ id: 'DeadLetter' })
export type DeadLetter = z.infer<typeof deadLetter>

export const eventInput = z
  .strictObject({
    /** A topic below `custom`. */
    type: z
      .string()
      .max(200)
      .regex(/^custom(\.[a-z0-9_]+)+$/, 'must be a topic below custom, such as custom.door.opened'),
    data: z.record(z.string(), z.unknown()).default({}),
    /** Of whoever publishes: an event that is published twice under one id is there once. */
    id: z
      .string()
      .regex(/^[A-Za-z0-9._~-]{1,100}$/, 'must be 1 to 100 of A-Z, a-z, 0-9 and . _ ~ -')
      .optional(),
    /** Id of the event that led to it. */
    causationid: line(200).optional(),
  })
  .meta({ id: 'NewEvent' })
export type EventInput = z.input<typeof eventInput>
