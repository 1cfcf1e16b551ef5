import { z } from 'zod'
import { line, paging, timestamp } from './common.ts'

/** What has a pin: each capability, and what a server says of how it is to be used. */
export const pinnedType = z.enum(['tool', 'resource', 'template', 'prompt', 'instructions'])

/** `quarantined` waits for a person; `rejected` is what a person said no to. */
export const pinState = z.enum(['pinned', 'quarantined', 'rejected'])

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/, 'must be sha256: and 64 hex digits')

export const pinChange = z
  .object({
    /** Such as `wording`, `schema_widened`, `new_url`, `instruction` or `tool_reference`. */
    class: z.string(),
    /** Whether it keeps the definition back. */
    risky: z.boolean(),
    /** JSON pointer into the definition; empty for the whole. */
    at: z.string(),
    what: z.string(),
  })
  .meta({ id: 'PinChange' })
export type PinChange = z.infer<typeof pinChange>

export const pin = z
  .object({
    id: z.string(),
    server: z.string(),
    primitive_type: pinnedType,
    /** The original name or URI. */
    name: z.string(),
    state: pinState,
    /** Whether the setting of its server keeps back what waits; false also for a server that is gone. */
    enforced: z.boolean(),
    /** What may be offered and called. */
    approved: z
      .object({
        digest: z.string(),
        /** Seen first and trusted, changed since in harmless ways, or approved by a person. */
        how: z.enum(['first_use', 'harmless', 'review']),
        by: z.string(),
        at: timestamp,
      })
      .nullable(),
    /** What the server says now and may not be offered. */
    waiting: z
      .object({
        digest: z.string(),
        changes: z.array(pinChange),
        since: timestamp,
        rejected: z.object({ by: z.string(), at: timestamp }).nullable(),
      })
      .nullable(),
  })
  .meta({ id: 'Pin' })
export type Pin = z.infer<typeof pin>

const definition = z.record(z.string(), z.unknown()).nullable()

/** With the definitions: what was, and what is and waits. */
export const pinDetail = pin.extend({ was: definition, is: definition }).meta({ id: 'PinDetail' })
export type PinDetail = z.infer<typeof pinDetail>

/** Names the very definition that is decided about. */
export const pinDecision = z.strictObject({ digest }).meta({ id: 'PinDecision' })

export const pinQuery = paging.extend({ state: pinState.optional(), server: line(64).optional() })
