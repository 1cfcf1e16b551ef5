import * as wire from '@castellan/contracts'
import { type Catalog, effectOf, isOpenWorld, matchesPattern, type Offer } from '../../../registry/index.ts'
import type { Core } from '../../core.ts'
import { look, see, write } from '../allowed.ts'
import { callerOf } from '../caller.ts'
import { pageOf } from '../page.ts'
import { byId } from '../path-parts.ts'
import type { TypedApp } from '../route.ts'

export function capabilityRoutes(app: TypedApp, { registry }: Core): void {
  app.post(
    '/api/mcp-servers/:id/discover',
    {
      schema: {
        operationId: 'discoverServer',
        tags: ['servers'],
        summary: 'Ask a server now what it offers',
        params: byId,
        response: { 200: wire.catalog },
      },
    },
    async request => {
      const { actor } = callerOf(request, write)
      const server = registry.server(actor.tenant, request.params.id)
      return catalogOf(server.id, actor.tenant, await registry.rediscover(server, actor))
    },
  )
  app.get(
    '/api/mcp-servers/:id/capabilities',
    {
      schema: {
        operationId: 'listServerCapabilities',
        tags: ['servers'],
        summary: 'All a server offers, granted or not',
        params: byId,
        response: { 200: wire.catalog },
      },
    },
    async request => {
      const { tenant } = callerOf(request, look).identity
      const { id } = registry.server(tenant, request.params.id)
      return catalogOf(id, tenant, registry.catalog(id))
    },
  )
  app.get(
    '/api/capabilities',
    {
      schema: {
        operationId: 'listCapabilities',
        tags: ['capabilities'],
        summary: 'What the caller was granted',
        querystring: wire.paging.extend({
          /** Name of a server, or a pattern. */
          server: wire.line(64).optional(),
          primitive_type: wire.primitiveType.optional(),
          /** Text that name or description contain. */
          q: wire.line(200).optional(),
        }),
        response: { 200: wire.listOf(wire.capability) },
      },
    },
    async request => {
      const { identity } = callerOf(request, see)
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
      capabilities: (catalog?.capabilities ?? []).map(capability => ({
        ...capabilityOf({
          exposed: capability.name,
          as: capability.primitive,
          server,
          capability,
          definition: capability.definition,
        }),
        withheld: registry.pins.withheld(server, capability),
      })),
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
