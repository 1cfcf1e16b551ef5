import type { Actor } from '../../identity/index.ts'
import type { Journal } from '../../journal/index.ts'
import { isJsonObject, newId, notFound } from '../../kernel/index.ts'
import type { Offer, Offers } from '../../registry/index.ts'
import { type Agent, type AgentSpec, type AssignedTool, CONTEXT_TOKENS } from './agent.ts'
import type { AgentStore } from './agent-store.ts'
import type { AgentDefinition, AgentTool } from './definition.ts'
import { checkRules } from './rules.ts'
import type { Expressions } from '../workflow/expressions.ts'

/** The agents of the tenants; every change goes through store and journal. */
export class Agents {
  readonly #store: AgentStore
  readonly #journal: Journal
  readonly #expressions: Pick<Expressions, 'parse'>

  constructor(store: AgentStore, journal: Journal, expressions: Pick<Expressions, 'parse'>) {
    this.#store = store
    this.#journal = journal
    this.#expressions = expressions
  }

  list(tenant: string): Promise<readonly Agent[]> {
    return this.#store.agents(tenant)
  }

  /** Throws `NOT_FOUND`. */
  async get(tenant: string, idOrName: string): Promise<Agent> {
    const found = (await this.#store.agents(tenant)).find(({ id, name }) => id === idOrName || name === idOrName)
    if (!found) throw notFound('agent', idOrName)
    return found
  }

  /** Throws `REQUEST_INVALID` for a rule that is none. */
  check({ rules = [] }: Pick<AgentSpec, 'rules'>): Promise<void> {
    return checkRules(rules, this.#expressions)
  }

  /** Throws `NAME_TAKEN`, and `REQUEST_INVALID` for a rule that is none. */
  async create(spec: AgentSpec, actor: Actor): Promise<Agent> {
    await this.check(spec)
    return this.#save({ ...spec, id: newId(), tenant: actor.tenant, version: 1 }, actor)
  }

  /** Describes an agent anew, as a whole. Throws as {@link create}, and `NOT_FOUND`. */
  async replace(idOrName: string, spec: AgentSpec, actor: Actor): Promise<Agent> {
    await this.check(spec)
    const { id, tenant, version } = await this.get(actor.tenant, idOrName)
    return this.#save({ ...spec, id, tenant, version: version + 1 }, actor)
  }

  /** Says which tools an agent has, in place of those it had. */
  async assign(idOrName: string, tools: readonly AssignedTool[], actor: Actor): Promise<Agent> {
    const before = await this.get(actor.tenant, idOrName)
    return this.#save({ ...before, tools, version: before.version + 1 }, actor)
  }

  async remove(idOrName: string, actor: Actor): Promise<void> {
    const agent = await this.get(actor.tenant, idOrName)
    const entry = this.#entry(agent, agent.version, 'agent.removed', actor)
    await this.#store.remove(agent.tenant, agent.id, [entry])
  }

  async #save(agent: Agent, actor: Actor): Promise<Agent> {
    const type = agent.version === 1 ? 'agent.created' : 'agent.updated'
    await this.#store.save(agent, [this.#entry(agent, agent.version - 1, type, actor)])
    return agent
  }

  #entry({ tenant, id, name, models, rules, tools, servers }: Agent, seq: number, type: string, actor: Actor) {
    return this.#journal.seal({
      tenant,
      stream: `agent:${id}`,
      seq,
      type,
      principal: actor.principal,
      correlationId: actor.correlationId,
      data: {
        name,
        models,
        ...(rules === undefined ? {} : { rules: rules.length }),
        tools: tools.map(tool => `${tool.server}/${tool.name}`),
        servers,
      },
    })
  }
}

/**
 * What a run of an agent executes for somebody: the agent, with the tools of it that are there for them. Assigned tools that are not
 * are left out, as if the agent did not have them; their names are told, so that nobody wonders.
 */
export function definitionOf(
  agent: Agent,
  offers: Pick<Offers, 'list'>,
  timeout: number = agent.timeout,
): { readonly definition: AgentDefinition; readonly missing: readonly string[] } {
  const { name, system, models, temperature, maxTokens, output, maxIterations, toolTimeout } = agent
  const { contextTokens = CONTEXT_TOKENS, rules } = agent
  const there = offers.list.tool
  const tools = new Map<string, AgentTool>()
  const missing: string[] = []
  for (const assigned of agent.tools) {
    const offer = there.find(each => isThat(each, assigned))
    if (offer) tools.set(offer.exposed, toolOf(offer, assigned.description))
    else missing.push(`${assigned.server}/${assigned.name}`)
  }
  for (const offer of there)
    if (agent.servers.includes(offer.server.name) && !tools.has(offer.exposed))
      tools.set(offer.exposed, toolOf(offer, null))
  const limits = { maxIterations, timeout, toolTimeout, contextTokens }
  const definition = {
    name,
    system,
    models,
    temperature,
    maxTokens,
    tools: [...tools.values()],
    output,
    ...limits,
    ...(rules === undefined ? {} : { rules }),
  }
  return { definition, missing }
}

function isThat({ server, capability }: Offer, assigned: AssignedTool): boolean {
  return (
    server.name === assigned.server && capability.name === assigned.name && capability.primitive === assigned.primitive
  )
}

function toolOf({ exposed, definition }: Offer, description: string | null): AgentTool {
  const said = definition['description']
  const schema = definition['inputSchema']
  return {
    name: exposed,
    exposed,
    description: description ?? (typeof said === 'string' ? said : ''),
    schema: isJsonObject(schema) ? schema : { type: 'object' },
  }
}
