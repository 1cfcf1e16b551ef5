import * as wire from '@castellan/contracts'
import { fault, isFault } from '../../../kernel/index.ts'
import type { Core } from '../../core.ts'
import { administer } from '../allowed.ts'
import { callerOf } from '../caller.ts'
import type { TypedApp } from '../route.ts'
import { plan } from './plan.ts'
import type { Step } from './step.ts'

/**
 * Makes a manifest true. Every step is tried, also after one that failed, and the answer says which those were; what is
 * applied again later finishes the rest.
 */
export function applyRoutes(app: TypedApp, core: Core): void {
  app.post(
    '/api/apply',
    {
      schema: {
        operationId: 'applyManifest',
        tags: ['apply'],
        summary: 'Change what differs from a manifest, or only say what would change',
        body: wire.applyInput,
        response: { 200: wire.applyAnswer },
      },
    },
    async request => {
      const caller = callerOf(request, administer)
      const { manifest, dry_run: dryRun = false, prune = false, allow_unhealthy: allowUnhealthy = false } = request.body
      const steps = await plan(core, manifest, caller, { prune, allowUnhealthy })
      const actions: wire.ApplyAction[] = []
      for (const step of steps) {
        const { action, kind, name, changes, problem } = step
        const failed = problem ?? (dryRun ? null : await tried(step, core))
        actions.push({ action, kind, name, changes: [...changes], failed })
      }
      return { applied: !dryRun, actions }
    },
  )
}

async function tried({ run }: Step, { onBug }: Core): Promise<string | null> {
  try {
    await run?.()
    return null
  } catch (error) {
    if (isFault(error)) return error.message
    onBug(error)
    return fault('INTERNAL').message
  }
}
