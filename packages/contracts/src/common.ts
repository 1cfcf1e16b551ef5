import { z } from 'zod'

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const DURATION = /^(\d{1,9})(ms|s|m|h|d)$/
/** Timers of Node.js count milliseconds in 31 bits. */
const LONGEST = 24 * UNITS.d

/** A duration as people write it, longer than nothing: a whole number and a unit, such as `250ms`, `30s`, `5m`, `2h` or `7d`. */
export const duration = z
  .string()
  .refine(isDuration, 'must be a whole number and a unit from 1ms to 24d, such as 250ms, 30s, 5m, 2h or 7d')
  .meta({ pattern: DURATION.source, examples: ['30s'] })

function isDuration(text: string): boolean {
  const [, count, unit] = DURATION.exec(text) ?? []
  const milliseconds = Number(count) * UNITS[unit as keyof typeof UNITS]
  return milliseconds > 0 && milliseconds <= LONGEST
}

/** Bytes as people write them, each unit 1024 of the one before. */
export const size = z
  .string()
  .regex(/^[1-9]\d{0,8}(B|KB|MB|GB)$/, 'must be a whole number and a unit, such as 64KB, 512MB or 2GB')
  .meta({ examples: ['512MB'] })

/** A time, or how long ago it was. */
export const moment = z
  .union(
    [
      z.string().regex(/^\d{1,9}(ms|s|m|h|d)$/),
      z.iso.datetime().refine(given => Date.parse(given) >= 0, 'must not be before 1970'),
    ],
    'must be how long ago, such as 7d, or a time in UTC such as 2030-01-31T12:00:00Z',
  )
  .meta({ examples: ['7d', '2030-01-31T12:00:00Z'] })

/** RFC 3339 in UTC. */
export const timestamp = z.string().meta({ format: 'date-time' })

/** When something is to begin that is asked for now: at once, unless one of them is said. */
export const later = {
  start_in: duration.optional(),
  /** A time in UTC; one that has passed is now. */
  start_at: z.iso
    .datetime({ error: 'must be a time in UTC such as 2030-01-31T12:00:00Z' })
    .refine(given => Date.parse(given) < FARTHEST, 'must be before the year 2200')
    .optional(),
}
const FARTHEST = Date.parse('2200-01-01T00:00:00Z')

export const id = z.string().regex(/^[0-9a-f-]{36}$/, 'must be an id, such as 01932c07-209d-7a51-9b2e-5a8d7c1f3e64')

export const roles = ['admin', 'auditor', 'operator', 'member'] as const
export const role = z.enum(roles)

export const effect = z.enum(['read', 'idempotent', 'unsafe'])

/** Text without control characters, for names that people read. */
export const line = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^[^\x00-\x1f\x7f]*$/, 'must not hold control characters')

/** Text of any number of lines; a NUL in it would end it early in some stores and programs. */
export const text = (max: number) =>
  z
    .string()
    .max(max)
    .regex(/^[^\x00]*$/, 'must not hold a NUL character')

/** Short, since it is the first half of the names its tools get. */
export const serverName = z
  .string()
  .regex(/^(?!.*--)[a-z0-9](?:[a-z0-9-]{0,22}[a-z0-9])?$/, 'must be 1 to 24 of a-z, 0-9 and single inner hyphens')

/** Fits into a path. */
export const groupName = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/, 'must be 1 to 64 of a-z, 0-9 and inner hyphens')

/** A pattern over names, with `*` for any run of characters. */
export const pattern = line(500)

/** Pattern over dotted types: `*` is one level, a final `>` one or more. */
export const topicPattern = z
  .string()
  .max(200)
  .regex(/^[a-z0-9_*]+(\.[a-z0-9_*]+)*(\.>)?$|^>$/, 'must be a topic such as call.* or server.>')

/** Where somebody is told, and the name of the stored secret that signs what they are told. */
export const webhook = z.strictObject({
  url: z
    .string()
    .max(2_000)
    .regex(/^https?:\/\/[^\s\\]+$/, 'must be an http or https URL'),
  secret: line(100),
})

/** Everybody with a role, or one principal. */
export const recipient = z
  .union([z.strictObject({ role }), z.strictObject({ principal: id })], 'must be {"role": …} or {"principal": <id>}')
  .meta({ id: 'Recipient' })

/** One page of a list; `next` goes into `after` to get the next one, null at the end. */
export const listOf = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item), next: z.string().nullable() })

export interface List<T> {
  items: T[]
  next: string | null
}

/** How far a request got that sees to much of what is kept, portion by portion. */
const portion = {
  /** How much is kept afterwards. */
  left: z.int(),
  /** Goes into `after` to go on with older ones; null when there is nothing else to be tried. */
  next: z.string().nullable(),
}
export const redriven = z.object({ redriven: z.int(), ...portion }).meta({ id: 'Redriven' })
export type Redriven = z.infer<typeof redriven>
export const dropped = z.object({ dropped: z.int(), ...portion }).meta({ id: 'Dropped' })
export type Dropped = z.infer<typeof dropped>

/** What any list takes. */
export const paging = z.strictObject({
  after: line(500).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
})
