import { z } from 'zod'

/** A duration as people write it: a whole number and a unit, such as `250ms`, `30s`, `5m`, `2h` or `7d`. */
export const duration = z
  .string()
  .regex(/^\d{1,9}(ms|s|m|h|d)$/, 'must be a whole number and a unit, such as 250ms, 30s, 5m, 2h or 7d')
  .meta({ examples: ['30s'] })

/** RFC 3339 in UTC. */
export const timestamp = z.string().meta({ format: 'date-time' })

export const id = z.string().regex(/^[0-9a-f-]{36}$/, 'must be an id')

export const roles = ['admin', 'auditor', 'operator', 'member'] as const
export const role = z.enum(roles)

export const effect = z.enum(['read', 'idempotent', 'unsafe'])

/** Text without control characters, for names that people read. */
export const line = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    // oxlint-disable-next-line no-control-regex
    .regex(/^[^\x00-\x1f\x7f]*$/, 'must not hold control characters')

/** A pattern over names, with `*` for any run of characters. */
export const pattern = z.string().min(1).max(500)

/** Everybody with a role, or one principal. */
export const recipient = z.union([z.strictObject({ role }), z.strictObject({ principal: id })])

/** One page of a list; `next` goes into `after` to get the next one, null at the end. */
export const listOf = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item), next: z.string().nullable() })

export interface List<T> {
  items: T[]
  next: string | null
}

/** What any list takes. */
export const paging = z.strictObject({
  after: z.string().max(500).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
})
