import type { Manifest } from '@castellan/contracts'
import type { Agent } from '../../../runs/index.ts'
import type { Core } from '../../core.ts'
import { agentSpec, wireAgent } from '../wire/agent.ts'
import type { Planning } from './planning.ts'
import { planSection } from './plan-section.ts'
import { differing, type Step } from './step.ts'
import { requireThere, thereAfter } from './there.ts'

/** `before` are the steps that come first, such as those that make the servers of which an agent has tools. */
export function planAgents(
  { agents, registry }: Pick<Core, 'agents' | 'registry'>,
  wanted: Manifest['agents'],
  before: readonly Step[],
  planning: Planning,
): Promise<Step[]> {
  const { actor } = planning
  const servers = thereAfter(before, 'server', registry.servers(actor.tenant))
  return planSection(
    'agent',
    wanted,
    {
      known: () => agents.list(actor.tenant),
      wish: input => {
        for (const { name, mcp_server_id: server } of input.assigned_mcp_tools) {
          requireThere(servers, `the agent "${input.name}" has the tool "${name}" of`, 'server', server)
        }
        const planned = agentSpec(input, servers)
        return {
          check: () => agents.check(planned),
          differsIn: had => {
            const { id, tenant, version } = had
            return differing(shown(had), shown({ ...planned, id, tenant, version }))
          },
          make: had => {
            // Of the servers that are really there by then.
            const spec = agentSpec(input, registry.servers(actor.tenant))
            return had ? agents.replace(had.id, spec, actor) : agents.create(spec, actor)
          },
        }
      },
      remove: ({ id }) => agents.remove(id, actor),
    },
    planning,
  )
}

/** As we write it, with what decides for it in any case: a model that is no longer asked is a difference, too. */
function shown(agent: Agent) {
  return { llm_config: null, brain: null, ...wireAgent(agent) }
}
