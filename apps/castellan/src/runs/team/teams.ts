import type { Actor } from '../../identity/index.ts'
import type { Journal } from '../../journal/index.ts'
import { newId, notFound } from '../../kernel/index.ts'
import type { AgentStore } from '../agent/agent-store.ts'
import type { Expressions } from '../workflow/expressions.ts'
import { requireAgents, teamInvalid } from './pin-team.ts'
import { agentsOf, type Team, type TeamSpec } from './team.ts'
import type { TeamStore } from './team-store.ts'

export interface TeamParts {
  readonly store: TeamStore
  readonly agents: Pick<AgentStore, 'agents'>
  readonly journal: Journal
  readonly expressions: Pick<Expressions, 'parse'>
}

/** The teams of the tenants; every change goes through store and journal. */
export class Teams {
  readonly #parts: TeamParts

  constructor(parts: TeamParts) {
    this.#parts = parts
  }

  list(tenant: string): Promise<readonly Team[]> {
    return this.#parts.store.teams(tenant)
  }

  /** Throws `NOT_FOUND`. */
  async get(tenant: string, idOrName: string): Promise<Team> {
    const found = (await this.list(tenant)).find(({ id, name }) => id === idOrName || name === idOrName)
    if (!found) throw notFound('team', idOrName)
    return found
  }

  /** Throws `TEAM_INVALID` for what makes no sense, whatever agents there are. */
  async check(spec: TeamSpec): Promise<void> {
    const wrong = problemsOf(spec)
    const { protocol } = spec
    if (protocol.is === 'parallel' && protocol.merge.is === 'expression') {
      const { problem } = await this.#parts.expressions.parse(protocol.merge.expression)
      if (problem !== null) wrong.push({ at: '/protocol/merge/expression', message: problem })
    }
    if (wrong.length > 0) {
      const messages = wrong.map(({ message }) => message)
      throw teamInvalid(
        spec.name,
        wrong.map(({ at }) => at),
        messages,
      )
    }
  }

  /** Throws `TEAM_INVALID`, `NAME_TAKEN`. */
  async create(spec: TeamSpec, actor: Actor): Promise<Team> {
    await this.#require(spec, actor.tenant)
    return this.#save({ ...spec, id: newId(), tenant: actor.tenant, version: 1 }, actor)
  }

  /** Describes a team anew, as a whole. Throws `NOT_FOUND`, `TEAM_INVALID`, `NAME_TAKEN`. */
  async replace(idOrName: string, spec: TeamSpec, actor: Actor): Promise<Team> {
    const { id, tenant, version } = await this.get(actor.tenant, idOrName)
    await this.#require(spec, tenant)
    return this.#save({ ...spec, id, tenant, version: version + 1 }, actor)
  }

  /** Removes it; its runs go on. Throws `NOT_FOUND`. */
  async remove(idOrName: string, actor: Actor): Promise<void> {
    const team = await this.get(actor.tenant, idOrName)
    const entry = this.#entry(team, team.version, 'team.removed', actor)
    await this.#parts.store.remove(team.tenant, team.id, [entry])
  }

  async #require(spec: TeamSpec, tenant: string): Promise<void> {
    await this.check(spec)
    requireAgents(spec, await this.#parts.agents.agents(tenant))
  }

  async #save(team: Team, actor: Actor): Promise<Team> {
    const type = team.version === 1 ? 'team.created' : 'team.updated'
    await this.#parts.store.save(team, [this.#entry(team, team.version - 1, type, actor)])
    return team
  }

  #entry(team: Team, seq: number, type: string, actor: Actor) {
    const { tenant, id, name, members, protocol } = team
    const agents = [...new Set(agentsOf(team).map(({ agent }) => agent))]
    return this.#parts.journal.seal({
      tenant,
      stream: `team:${id}`,
      seq,
      type,
      principal: actor.principal,
      correlationId: actor.correlationId,
      data: { name, protocol: protocol.is, members: members.map(member => member.name), agents },
    })
  }
}

function problemsOf({ members, protocol }: TeamSpec): { readonly at: string; readonly message: string }[] {
  const wrong: { at: string; message: string }[] = []
  for (const [index, { name }] of members.entries())
    if (members.findIndex(each => each.name === name) < index)
      wrong.push({
        at: `/members/${index}/name`,
        message: `the name "${name}" is that of another member; give it one of its own`,
      })
  if (protocol.is === 'collaborative' && members.length < 2)
    wrong.push({ at: '/members', message: 'it takes two members to argue' })
  if (protocol.is === 'handoff' && !members.some(({ name }) => name === protocol.start))
    wrong.push({ at: '/protocol/start', message: `no member is called "${protocol.start}"` })
  return wrong
}
