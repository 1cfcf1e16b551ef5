import * as wire from '@castellan/contracts'
import type { Core } from '../../core.ts'
import { survey, write } from '../allowed.ts'
import { callerOf } from '../caller.ts'
import { listRoute } from '../list-route.ts'
import { byId } from '../path-parts.ts'
import { removeRoute } from '../remove-route.ts'
import type { TypedApp } from '../route.ts'
import { agentSpec, assignedTools, wireAgent } from '../wire/agent.ts'

const tags = ['agents']

export function agentRoutes(app: TypedApp, { agents, registry }: Pick<Core, 'agents' | 'registry'>): void {
  listRoute(app, '/api/agents', {
    operationId: 'listAgents',
    tags,
    summary: 'Agents and what they have',
    access: survey,
    item: wire.agent,
    all: ({ identity }) => agents.list(identity.tenant),
    idOf: each => each.name,
    show: wireAgent,
  })
  app.post(
    '/api/agents',
    {
      schema: {
        operationId: 'createAgent',
        tags,
        summary: 'Describe an agent',
        body: wire.agentInput,
        response: { 201: wire.agent },
      },
    },
    async (request, reply) => {
      const { actor } = callerOf(request, write)
      const agent = await agents.create(agentSpec(request.body, registry.servers(actor.tenant)), actor)
      return reply.code(201).send(wireAgent(agent))
    },
  )
  app.get(
    '/api/agents/:id',
    {
      schema: {
        operationId: 'getAgent',
        tags,
        summary: 'One agent, by id or name',
        params: byId,
        response: { 200: wire.agent },
      },
    },
    async request => wireAgent(await agents.get(callerOf(request, survey).identity.tenant, request.params.id)),
  )
  app.put(
    '/api/agents/:id',
    {
      schema: {
        operationId: 'replaceAgent',
        tags,
        summary: 'Describe an agent anew; runs that have begun finish as they began',
        params: byId,
        body: wire.agentInput,
        response: { 200: wire.agent },
      },
    },
    async request => {
      const { actor } = callerOf(request, write)
      const spec = agentSpec(request.body, registry.servers(actor.tenant))
      return wireAgent(await agents.replace(request.params.id, spec, actor))
    },
  )
  app.post(
    '/api/agents/:id/assigned-mcp-tools',
    {
      schema: {
        operationId: 'assignTools',
        tags,
        summary: 'Say which tools an agent has, in place of those it had',
        params: byId,
        body: wire.assignTools,
        response: { 200: wire.agent },
      },
    },
    async request => {
      const { actor } = callerOf(request, write)
      const tools = assignedTools(request.body.assigned_mcp_tools, registry.servers(actor.tenant))
      return wireAgent(await agents.assign(request.params.id, tools, actor))
    },
  )
  removeRoute(app, '/api/agents/:id', {
    operationId: 'removeAgent',
    tags,
    summary: 'Remove an agent; its runs go on',
    remove: (idOrName, actor) => agents.remove(idOrName, actor),
  })
}
