import { z } from 'zod'
import { grantInput, groupInput, principalInput } from './access.ts'
import { line, role } from './common.ts'
import { limitsInput } from './rules.ts'
import { serverInput } from './server.ts'

const roleOrName = [z.strictObject({ role }), z.strictObject({ principal: line(200) })] as const

/**
 * Everything declared in one file (`castellan.yaml`). What a section does not name is left alone, unless `--prune` removes
 * it; a section that is absent is never pruned.
 */
export const manifest = z.strictObject({
  /** Static settings of the process, which `up` reads; ignored here. */
  settings: z.unknown().optional(),
  servers: z.array(serverInput).optional(),
  groups: z.array(groupInput.extend({ name: line(64) })).optional(),
  /** Principals and the roles they, and so their keys, have. */
  principals: z.array(principalInput).optional(),
  /** `to` names a principal by name. */
  grants: z.array(grantInput.extend({ to: z.union(roleOrName) })).optional(),
  limits: z
    .array(
      limitsInput.extend({
        name: line(64),
        to: z.union([z.literal('everyone'), ...roleOrName]).default('everyone'),
      }),
    )
    .optional(),
  /** File name to text. */
  policies: z.record(z.string(), z.string()).optional(),
})
export type Manifest = z.output<typeof manifest>
export type ManifestInput = z.input<typeof manifest>

export const applyInput = z.strictObject({
  manifest,
  /** Only plan. */
  dry_run: z.boolean().optional(),
  /** Remove what the sections of the manifest do not name. */
  prune: z.boolean().optional(),
  allow_unhealthy: z.boolean().optional(),
})
export type ApplyInput = z.input<typeof applyInput>

export const applyAction = z.object({
  action: z.enum(['create', 'update', 'delete', 'unchanged']),
  kind: z.enum(['server', 'group', 'principal', 'grant', 'limits', 'policies']),
  name: z.string(),
  /** Names of the fields that differ; never values. */
  changes: z.array(z.string()),
  /** Why it failed when it was tried; null when it was not tried or succeeded. */
  failed: z.string().nullable(),
})
export type ApplyAction = z.infer<typeof applyAction>

export const applyAnswer = z.object({ applied: z.boolean(), actions: z.array(applyAction) })
export type ApplyAnswer = z.infer<typeof applyAnswer>
