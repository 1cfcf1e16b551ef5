import { fault } from '../../kernel/index.ts'
import type { Offers } from '../../registry/index.ts'
import type { Agent } from '../agent/agent.ts'
import { definitionOf } from '../agent/agents.ts'
import type { PinnedAgent } from '../agent/definition.ts'
import type { TeamDefinition } from './definition.ts'
import { agentsOf, type Team } from './team.ts'

/**
 * A team with its agents as they are now, so that its run finishes on what it began with. Throws `TEAM_INVALID` for an agent that is
 * not there.
 */
export function pinTeam(team: Team, agents: readonly Agent[], offers: Pick<Offers, 'list'>): TeamDefinition {
  requireAgents(team, agents)
  const { name, members, protocol, maxTokens } = team
  const pinned: Record<string, PinnedAgent> = {}
  for (const { agent: wanted } of agentsOf(team)) {
    const agent = agents.find(each => each.name === wanted)!
    pinned[wanted] ??= { id: agent.id, definition: definitionOf(agent, offers).definition }
  }
  return { team: { name, members, protocol, maxTokens }, agents: pinned }
}

/** Throws `TEAM_INVALID` for agents that are not there, with their places. */
export function requireAgents(
  team: Pick<Team, 'name' | 'members' | 'protocol'>,
  agents: readonly Pick<Agent, 'name'>[],
): void {
  const missing = agentsOf(team).filter(({ agent }) => !agents.some(({ name }) => name === agent))
  if (missing.length === 0) return
  const there = agents.map(({ name }) => name).join(', ') || 'none'
  const messages = missing.map(({ who, agent }) => `the ${who} names the agent "${agent}", and there are: ${there}`)
  throw teamInvalid(
    team.name,
    missing.map(({ at }) => at),
    messages,
  )
}

/** The fault of everything that is wrong with a team, with the place of each. */
export function teamInvalid(name: string, places: readonly string[], messages: readonly string[]) {
  const more = messages.length > 1 ? `, and ${messages.length - 1} more` : ''
  return fault('TEAM_INVALID', { why: `${name}: ${messages[0]}${more}`, places, messages })
}
