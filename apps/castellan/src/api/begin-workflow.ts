import type { Actor, Identity } from '../identity/index.ts'
import type { JsonObject, JsonValue } from '../kernel/index.ts'
import { pin, type Run, type Runs, type Workflow } from '../runs/index.ts'
import type { Core } from './core.ts'

interface Said {
  readonly input: JsonValue
  readonly priority?: number
  /** Milliseconds from now. */
  readonly startIn?: number
  /** The client's conversation. */
  readonly session?: string
}

/**
 * Queues a run of a workflow for whoever asks, with everything that it names as it is now. Throws `WORKFLOW_INVALID` and
 * `TEAM_INVALID`.
 */
export async function beginWorkflow(
  {
    agents,
    teams,
    workflows,
    runs,
    registry,
  }: Pick<Core, 'agents' | 'teams' | 'workflows' | 'registry'> & { readonly runs: Pick<Runs, 'start'> },
  workflow: Workflow,
  said: Said,
  { identity, actor }: { readonly identity: Identity; readonly actor: Actor },
): Promise<Run> {
  const { tenant } = identity
  const named = {
    agents: await agents.list(tenant),
    teams: await teams.list(tenant),
    workflows: await workflows.list(tenant),
  }
  const definition = pin(workflow, named, registry.offers(identity, { is: 'all' })) as unknown as JsonObject
  return runs.start({ kind: 'workflow', name: workflow.name, definition, ...said }, identity, actor)
}
