import * as wire from '@castellan/contracts'
import { isFault } from '../../../kernel/index.ts'
import type { Core } from '../../core.ts'
import { callerOf } from '../caller.ts'
import type { TypedApp } from '../route.ts'
import { plan, type Step } from './plan.ts'

/**
 * Makes a manifest true. Every step is tried, also after one that failed, and the answer says which those were; what is
 * applied again later finishes the rest.
 */
export function applyRoutes(app: TypedApp, core: Core): void {
  app.post(
    '/api/apply',
    {
      schema: {
        tags: ['apply'],
        summary: 'Change what differs from a manifest, or only say what would change',
        body: wire.applyInput,
        response: { 200: wire.applyAnswer },
      },
    },
    async request => {
      const { actor } = callerOf(request, { scope: 'admin', roles: ['admin'] })
      const { manifest, dry_run: dryRun = false, prune = false, allow_unhealthy: allowUnhealthy = false } = request.body
      const steps = await plan(core, manifest, actor, { prune, allowUnhealthy })
      const actions: wire.ApplyAction[] = []
      for (const step of steps) actions.push({ ...said(step), failed: dryRun ? null : await tried(step) })
      return { applied: !dryRun && actions.every(action => action.failed === null), actions }
    },
  )
}

function said({ action, kind, name, changes }: Step) {
  return { action, kind, name, changes: [...changes] }
}

async function tried({ run }: Step): Promise<string | null> {
  try {
    await run?.()
    return null
  } catch (error) {
    if (!isFault(error)) throw error
    return error.message
  }
}
