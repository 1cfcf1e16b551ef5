import { z } from 'zod'
import { journalEvent } from './call.ts'
import { duration, groupName, id, line, text, timestamp, topicPattern } from './common.ts'

const entrySource = z.strictObject({
  kind: z.literal('entry'),
  /** Each entry of the journal whose type matches: a pattern over types. */
  topic: topicPattern,
})

const cronSource = z.strictObject({
  kind: z.literal('cron'),
  /** Five fields, or six with seconds before them. */
  expression: line(200),
  /** By whose clock, such as Europe/Berlin. */
  zone: line(64).default('UTC'),
  /** Which moments still count that passed while nobody was there: the newest, none, or the newest hundred. */
  catch_up: z.enum(['last', 'none', 'all']).default('last'),
})

const webhookSource = z.strictObject({
  kind: z.literal('webhook'),
  /** The stored secret that calls are signed with; one is made when none is named. */
  secret: line(100).optional(),
  /** How far the clock of whoever calls may be off. */
  tolerance: duration.default('5m'),
})

const triggerFields = {
  description: text(2_000).default(''),
  source: z.discriminatedUnion('kind', [entrySource, cronSource, webhookSource]),
  /** An expression over what happened; a run is started only when it is true. */
  condition: text(10_000).min(1).nullable().default(null),
  starts: z.strictObject({
    kind: z.enum(['agent', 'team', 'workflow']),
    /** Looked up each time. */
    name: line(64),
    /**
     * What it is given: the input of a workflow; of an agent or a team its message, or the wish its run begins with. Texts in it that begin with
     * `=` are expressions over what happened.
     */
    input: z.unknown().default({}),
    priority: z.int().min(-100).max(100).default(0),
  }),
  /** Runs of it that may be open at once; what is over waits. */
  most_open: z.int().min(1).max(10_000).default(100),
  enabled: z.boolean().default(true),
}

export const triggerInput = z.strictObject({ name: groupName, ...triggerFields }).meta({ id: 'TriggerWish' })
export type TriggerInput = z.input<typeof triggerInput>

export const trigger = z
  .object({
    id,
    name: z.string(),
    ...triggerFields,
    version: z.int(),
    /** Id of whoever described it last: its runs can do no more than they. */
    principal: z.string(),
    /** Where it is called, when it is a webhook. */
    url: z.string().nullable(),
    /** When it is due next, when it is a cron. */
    next_at: timestamp.nullable(),
    standing: z.object({
      open: z.int(),
      started: z.int(),
      /** What happened and could not be made a run. */
      failed: z.int(),
      /** How much of that is kept: neither redriven nor dropped. */
      kept: z.int(),
      /** Whether as much is kept as may be: then nothing is started until some is redriven or dropped. */
      stalled: z.boolean(),
      /** What happened because of its own runs, or at the end of too long a chain. */
      refused: z.int(),
      /** The offset up to which the journal was looked through. */
      cursor: z.int(),
      /** Why the last that failed or was refused was; null once one has started since. */
      trouble: z.string().nullable(),
    }),
  })
  .meta({ id: 'Trigger' })
export type Trigger = z.infer<typeof trigger>

export const triggerCreated = trigger
  .extend({
    /** The secret that was made for it; shown here and never again. */
    made_secret: z.string().optional(),
  })
  .meta({ id: 'CreatedTrigger' })
export type TriggerCreated = z.infer<typeof triggerCreated>

/** What happened and could not be made a run. */
export const triggerFailure = z
  .object({
    /** Of what happened; it goes by this. */
    offset: z.int(),
    event: journalEvent,
    why: z.string(),
  })
  .meta({ id: 'TriggerFailure' })
export type TriggerFailure = z.infer<typeof triggerFailure>
