import { z } from 'zod'
import { line } from './common.ts'

/** What is looked for among the tools that were granted. */
export const toolQuery = z.strictObject({
  /** Words in any order and form, finished or not. */
  q: line(400),
  limit: z.coerce.number().int().min(1).max(100).default(10),
  /** Name of a server, or a pattern. */
  server: line(64).optional(),
  /** Whether the whole definitions are wanted, too. */
  definitions: z.enum(['true', 'false']).default('false'),
})

export const foundTool = z
  .object({
    server: z.string(),
    /** The original name. */
    name: z.string(),
    /** How it is asked for at `/mcp`. */
    exposed: z.string(),
    description: z.string(),
    /** How well it fits; comparable within one answer only. */
    score: z.number(),
    definition: z.record(z.string(), z.unknown()).optional(),
  })
  .meta({ id: 'FoundTool' })
export type FoundTool = z.infer<typeof foundTool>
