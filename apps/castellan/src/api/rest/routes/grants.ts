import * as wire from '@castellan/contracts'
import type { Core } from '../../core.ts'
import { look, write } from '../allowed.ts'
import { callerOf } from '../caller.ts'
import { listRoute } from '../list-route.ts'
import { removeRoute } from '../remove-route.ts'
import type { TypedApp } from '../route.ts'
import { wireGrant } from '../wire/access.ts'

const tags = ['grants']

export function grantRoutes(app: TypedApp, { registry, directory }: Core): void {
  listRoute(app, '/api/grants', {
    operationId: 'listGrants',
    tags,
    summary: 'Who may see what',
    access: look,
    item: wire.grant,
    all: ({ identity }) => registry.grants.list(identity.tenant),
    idOf: grant => grant.id,
    show: wireGrant,
  })
  app.post(
    '/api/grants',
    {
      schema: {
        operationId: 'createGrant',
        tags,
        summary: 'Let someone see something',
        body: wire.grantInput,
        response: { 201: wire.grant },
      },
    },
    async (request, reply) => {
      const { actor } = callerOf(request, write)
      const { to, server, primitive_type: primitive, name, as_tool: asTool = false } = request.body
      if ('principal' in to) await directory.principals.get(actor.tenant, to.principal)
      return reply.code(201).send(wireGrant(await registry.grants.add({ to, server, primitive, name, asTool }, actor)))
    },
  )
  removeRoute(app, '/api/grants/:id', {
    operationId: 'removeGrant',
    tags,
    summary: 'Take a grant away',
    remove: (id, actor) => registry.grants.remove(id, actor),
  })
}
