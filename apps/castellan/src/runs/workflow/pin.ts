import { fault } from '../../kernel/index.ts'
import type { Offers } from '../../registry/index.ts'
import type { Agent } from '../agent/agent.ts'
import { definitionOf } from '../agent/agents.ts'
import type { PinnedAgent } from '../agent/definition.ts'
import type { TeamDefinition } from '../team/definition.ts'
import { pinTeam } from '../team/pin-team.ts'
import type { Team } from '../team/team.ts'
import type { WorkflowDefinition } from './definition.ts'
import type { Block, Workflow, WorkflowNode } from './workflow.ts'

/** What there is to name. */
export interface Named {
  readonly agents: readonly Agent[]
  readonly teams: readonly Team[]
  readonly workflows: readonly { readonly name: string; readonly workflow: Workflow }[]
}

/**
 * A workflow with everything that it names as that is now, so that its run finishes on what it began with.
 * Throws `WORKFLOW_INVALID` for a name that is nobody's, and `TEAM_INVALID` for a team that names such an agent.
 */
export function pin(workflow: Workflow, named: Named, offers: Pick<Offers, 'list'>): WorkflowDefinition {
  const agents: Record<string, PinnedAgent> = {}
  const workflows: Record<string, Workflow> = {}
  const teams: Record<string, TeamDefinition> = {}
  const visit = (block: Block) => {
    for (const node of nodesIn(block)) {
      if (node.is === 'agent' && !(node.name in agents)) {
        const agent = named.agents.find(({ name }) => name === node.name)
        if (!agent) throw nobody(node.id, 'agent', node.name, named.agents)
        agents[node.name] = { id: agent.id, definition: definitionOf(agent, offers).definition }
      }
      if (node.is === 'team' && !(node.name in teams)) {
        const team = named.teams.find(({ name }) => name === node.name)
        if (!team) throw nobody(node.id, 'team', node.name, named.teams)
        teams[node.name] = pinTeam(team, named.agents, offers)
      }
      if (node.is === 'workflow' && !(node.name in workflows)) {
        const inner = named.workflows.find(({ name }) => name === node.name)
        if (!inner) throw nobody(node.id, 'workflow', node.name, named.workflows)
        workflows[node.name] = inner.workflow
        visit(inner.workflow.nodes)
      }
    }
  }
  visit(workflow.nodes)
  return { workflow, agents, workflows, teams, depth: 0 }
}

function nodesIn(block: Block): readonly WorkflowNode[] {
  return block.flatMap(node => {
    if (node.is === 'foreach') return nodesIn(node.do)
    return node.is === 'parallel' ? Object.values(node.branches).flatMap(nodesIn) : [node]
  })
}

function nobody(node: string, what: string, name: string, there: readonly { readonly name: string }[]) {
  const others = there.map(each => each.name).join(', ') || 'none'
  return fault('WORKFLOW_INVALID', { why: `the node "${node}" names the ${what} "${name}", and there are: ${others}` })
}
