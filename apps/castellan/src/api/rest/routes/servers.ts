import * as wire from '@castellan/contracts'
import { fault } from '../../../kernel/index.ts'
import type { Server } from '../../../registry/index.ts'
import type { Core } from '../../core.ts'
import { survey, write } from '../allowed.ts'
import { callerOf } from '../caller.ts'
import { listRoute } from '../list-route.ts'
import { byId } from '../path-parts.ts'
import { removeRoute } from '../remove-route.ts'
import type { TypedApp } from '../route.ts'
import { serverSpec, wireHealth, wireServer } from '../wire/server.ts'

const tags = ['servers']

export function serverRoutes(app: TypedApp, { registry, authorizations }: Core): void {
  const show = (server: Server) => wireServer(server, registry.health(server.id), authorizations.status(server))
  listRoute(app, '/api/mcp-servers', {
    operationId: 'listServers',
    tags,
    summary: 'Servers and how they are',
    access: survey,
    item: wire.server,
    all: ({ identity }) => registry.servers(identity.tenant),
    idOf: server => server.name,
    show,
  })
  app.post(
    '/api/mcp-servers',
    {
      schema: {
        operationId: 'createServer',
        tags,
        summary: 'Add a server, after it answered a probe',
        body: wire.serverCreate,
        response: { 201: wire.server },
      },
    },
    async (request, reply) => {
      const { actor } = callerOf(request, write)
      const { allow_unhealthy: allowUnhealthy = false, ...input } = request.body
      const server = await registry.addServer(serverSpec(input), actor, { allowUnhealthy })
      return reply.code(201).send(show(server))
    },
  )
  app.get(
    '/api/mcp-servers/:id',
    {
      schema: {
        operationId: 'getServer',
        tags,
        summary: 'One server, by id or name',
        params: byId,
        response: { 200: wire.server },
      },
    },
    async request => {
      const server = registry.server(callerOf(request, survey).identity.tenant, request.params.id)
      return show(server)
    },
  )
  app.put(
    '/api/mcp-servers/:id',
    {
      schema: {
        operationId: 'changeServer',
        tags,
        summary: 'Change a server as a whole',
        params: byId,
        body: wire.serverUpdate,
        response: { 200: wire.server },
      },
    },
    async request => {
      const { actor } = callerOf(request, write)
      const { allow_unhealthy: allowUnhealthy = false, version, ...input } = request.body
      const before = registry.server(actor.tenant, request.params.id)
      if (version !== undefined && version !== before.version) throw fault('VERSION_CONFLICT', { what: 'server' })
      const server = await registry.updateServer(before.id, serverSpec(input), actor, { allowUnhealthy })
      return show(server)
    },
  )
  removeRoute(app, '/api/mcp-servers/:id', {
    operationId: 'removeServer',
    tags,
    summary: 'Remove a server; calls under way end first',
    remove: (id, actor) => registry.removeServer(id, actor),
  })
  app.post(
    '/api/mcp-servers/:id/health-check',
    {
      schema: {
        operationId: 'checkServer',
        tags,
        summary: 'Probe a server now',
        params: byId,
        response: { 200: wire.health },
      },
    },
    async request => {
      const { actor } = callerOf(request, write)
      return wireHealth(await registry.checkHealth(registry.server(actor.tenant, request.params.id), actor))
    },
  )
}
