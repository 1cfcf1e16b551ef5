import * as wire from '@castellan/contracts'
import type { Core } from '../../core.ts'
import { administer, look } from '../allowed.ts'
import { callerOf } from '../caller.ts'
import { listRoute } from '../list-route.ts'
import { byId } from '../path-parts.ts'
import type { TypedApp } from '../route.ts'
import { wirePrincipal } from '../wire/access.ts'

const tags = ['principals']

export function principalRoutes(app: TypedApp, { directory }: Core): void {
  listRoute(app, '/api/principals', {
    operationId: 'listPrincipals',
    tags,
    summary: 'Who belongs to the tenant',
    access: look,
    item: wire.principal,
    all: ({ identity }) => directory.principals.list(identity.tenant),
    idOf: principal => principal.id,
    show: (principal, { identity }) => wirePrincipal(principal, identity.tenant),
  })
  app.post(
    '/api/principals',
    {
      schema: {
        operationId: 'createPrincipal',
        tags,
        summary: 'Add a principal',
        body: wire.principalInput,
        response: { 201: wire.principal },
      },
    },
    async (request, reply) => {
      const { actor } = callerOf(request, administer)
      const { name, kind, roles = ['member'] } = request.body
      const principal = await directory.principals.create({ name, kind, roles }, actor)
      return reply.code(201).send(wirePrincipal(principal, actor.tenant))
    },
  )
  app.put(
    '/api/principals/:id',
    {
      schema: {
        operationId: 'changePrincipal',
        tags,
        summary: 'Change name or roles',
        params: byId,
        body: wire.principalChange,
        response: { 200: wire.principal },
      },
    },
    async request => {
      const { actor } = callerOf(request, administer)
      const { name, roles } = request.body
      const { id } = request.params
      if (name !== undefined) await directory.principals.rename(id, name, actor)
      if (roles !== undefined) await directory.principals.setRoles(id, roles, actor)
      return wirePrincipal(await directory.principals.get(actor.tenant, id), actor.tenant)
    },
  )
}
