import { z } from 'zod'
import { duration, effect, id, line, timestamp } from './common.ts'

const visible = z.string().regex(/^[\x21-\x7e]{1,128}$/, 'must be 1 to 128 visible ASCII characters')

export const callInput = z
  .strictObject({
    /** The exposed name of a tool. */
    name: line(500),
    args: z.record(z.string(), z.unknown()).optional(),
    /** The same key never runs the same call twice. */
    idempotency_key: visible.optional(),
    /** Judges the call and does not run it. */
    dry_run: z.boolean().optional(),
    /** Groups calls for step limits. */
    session_id: visible.optional(),
    /** The run it is a step of, for budgets of runs. */
    run_id: visible.optional(),
    /** How long the caller waits; the call is cancelled then. */
    timeout: duration.optional(),
  })
  .meta({ id: 'CallWish' })
export type CallInput = z.input<typeof callInput>

/** What became of a call. Refusals are problems, see {@link problem}. */
export const callAnswer = z
  .object({
    call_id: id,
    /** `denied_guardrail`: the call was made, and what came of it is kept back. */
    outcome: z.enum([
      'ok',
      'error',
      'timeout',
      'cancelled',
      'indeterminate',
      'dry_run',
      'needs_approval',
      'denied_guardrail',
    ]),
    /** What the server answered, as it came. */
    result: z.record(z.string(), z.unknown()).optional(),
    error: z.object({ code: z.int(), message: z.string(), data: z.unknown().optional() }).optional(),
    /** For people. */
    message: z.string().optional(),
    /** For `needs_approval`: what is to be decided; once it is approved, the same call again is let pass, once. */
    approval_id: id.optional(),
    /** The call whose outcome this is, when it was answered from an earlier one. */
    replay_of: id.nullable(),
  })
  .meta({ id: 'CallAnswer' })
export type CallAnswer = z.infer<typeof callAnswer>

export const callRecord = z
  .object({
    id,
    principal: z.string(),
    server: z.string(),
    capability: z.string(),
    method: z.string(),
    effect,
    state: z.enum(['open', 'ended']),
    outcome: z.string().nullable(),
    correlation_id: z.string(),
    idempotency_key: z.string().nullable(),
    session_id: z.string().nullable(),
    /** What whoever read the outcome has read from then on, such as `untrusted`. */
    labels: z.array(z.string()),
    started_at: timestamp,
    ended_at: timestamp.nullable(),
  })
  .meta({ id: 'CallRecord' })
export type CallRecord = z.infer<typeof callRecord>

/** A journal entry as a CloudEvent. Source: CloudEvents 1.0.2, JSON format. */
export const journalEvent = z
  .object({
    specversion: z.literal('1.0'),
    id,
    source: z.string(),
    type: z.string(),
    time: timestamp,
    subject: z.string(),
    datacontenttype: z.literal('application/json'),
    data: z.record(z.string(), z.unknown()),
    principal: z.string(),
    correlationid: z.string(),
    causationid: z.string().optional(),
    /** Place in the journal, absent for an entry that is not sequenced yet. */
    offset: z.int().optional(),
    streamseq: z.int(),
    leafhash: z.string(),
  })
  .meta({ id: 'JournalEvent' })
export type JournalEvent = z.infer<typeof journalEvent>

export const callDetail = callRecord.extend({ entries: z.array(journalEvent) }).meta({ id: 'CallDetail' })
export type CallDetail = z.infer<typeof callDetail>
