import { z } from 'zod'
import * as wire from '@castellan/contracts'
import { fault } from '../../../kernel/index.ts'
import { type Catalog, effectOf, isOpenWorld, matchesPattern, type Offer } from '../../../registry/index.ts'
import type { Core } from '../../core.ts'
import { callerOf } from '../caller.ts'
import { pageOf } from '../page.ts'
import type { TypedApp } from '../route.ts'
import { serverSpec, wireHealth, wireServer } from '../wire/server.ts'

const read = { scope: 'read' } as const
const write = { scope: 'write', roles: ['admin'] } as const
const params = z.object({ id: z.string().max(200) })
const tags = ['servers']

export function serverRoutes(app: TypedApp, { registry }: Core): void {
  app.get(
    '/api/mcp-servers',
    {
      schema: {
        tags,
        summary: 'Servers and how they are',
        querystring: wire.paging,
        response: { 200: wire.listOf(wire.server) },
      },
    },
    request => {
      const { identity } = callerOf(request, read)
      const servers = registry.servers(identity.tenant)
      return pageOf(
        servers,
        request.query,
        server => server.name,
        server => wireServer(server, registry.health(server.id)),
      )
    },
  )
  app.post(
    '/api/mcp-servers',
    {
      schema: {
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
      return reply.code(201).send(wireServer(server, registry.health(server.id)))
    },
  )
  app.get(
    '/api/mcp-servers/:id',
    { schema: { tags, summary: 'One server, by id or name', params, response: { 200: wire.server } } },
    request => {
      const server = registry.server(callerOf(request, read).identity.tenant, request.params.id)
      return wireServer(server, registry.health(server.id))
    },
  )
  app.put(
    '/api/mcp-servers/:id',
    {
      schema: {
        tags,
        summary: 'Change a server as a whole',
        params,
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
      return wireServer(server, registry.health(server.id))
    },
  )
  app.delete(
    '/api/mcp-servers/:id',
    { schema: { tags, summary: 'Remove a server; calls under way end first', params, response: { 204: z.null() } } },
    async (request, reply) => {
      await registry.removeServer(request.params.id, callerOf(request, write).actor)
      return reply.code(204).send(null)
    },
  )
  app.post(
    '/api/mcp-servers/:id/health-check',
    { schema: { tags, summary: 'Probe a server now', params, response: { 200: wire.health } } },
    async request => {
      const { actor } = callerOf(request, write)
      return wireHealth(await registry.checkHealth(registry.server(actor.tenant, request.params.id), actor))
    },
  )
  app.post(
    '/api/mcp-servers/:id/discover',
    { schema: { tags, summary: 'Ask a server now what it offers', params, response: { 200: wire.catalog } } },
    async request => {
      const { actor } = callerOf(request, write)
      const server = registry.server(actor.tenant, request.params.id)
      return catalogOf(server.id, actor.tenant, await registry.rediscover(server, actor))
    },
  )
  app.get(
    '/api/mcp-servers/:id/capabilities',
    { schema: { tags, summary: 'All a server offers, granted or not', params, response: { 200: wire.catalog } } },
    request => {
      const { identity } = callerOf(request, { scope: 'read', roles: ['admin', 'auditor'] })
      const server = registry.server(identity.tenant, request.params.id)
      return catalogOf(server.id, identity.tenant, registry.catalog(server.id))
    },
  )
  app.get(
    '/api/capabilities',
    {
      schema: {
        tags: ['capabilities'],
        summary: 'What the caller was granted',
        querystring: wire.paging.extend({
          server: z.string().max(64).optional(),
          primitive_type: wire.primitiveType.optional(),
          /** Text that name or description contain. */
          q: z.string().max(200).optional(),
        }),
        response: { 200: wire.listOf(wire.capability) },
      },
    },
    request => {
      const { identity } = callerOf(request, read)
      const { server, primitive_type: primitive, q } = request.query
      const offers = Object.values(registry.offers(identity).list).flat()
      const wanted = offers.filter(
        offer =>
          (server === undefined || matchesPattern(server, offer.server.name)) &&
          (primitive === undefined || offer.as === primitive) &&
          (q === undefined || mentions(offer, q)),
      )
      return pageOf(wanted, request.query, offer => `${offer.as} ${offer.exposed}`, capabilityOf)
    },
  )

  function catalogOf(serverId: string, tenant: string, catalog: Catalog | undefined): wire.Catalog {
    const server = registry.server(tenant, serverId)
    return {
      server: server.name,
      protocol_version: catalog?.protocolVersion ?? null,
      discovered_at: catalog?.discoveredAt ?? null,
      warnings: [...(catalog?.warnings ?? [])],
      capabilities: (catalog?.capabilities ?? []).map(capability =>
        capabilityOf({
          exposed: capability.name,
          as: capability.primitive,
          server,
          capability,
          definition: capability.definition,
        }),
      ),
    }
  }
}

function capabilityOf({ exposed, as, server, capability, definition }: Offer): wire.Capability {
  return {
    server: server.name,
    primitive_type: as,
    name: capability.name,
    exposed,
    effect: effectOf(server, capability),
    open_world: isOpenWorld(server, capability),
    digest: capability.digest,
    definition,
  }
}

function mentions({ exposed, definition }: Offer, text: string): boolean {
  const wanted = text.toLowerCase()
  const { description } = definition
  return (
    exposed.toLowerCase().includes(wanted) ||
    (typeof description === 'string' && description.toLowerCase().includes(wanted))
  )
}
