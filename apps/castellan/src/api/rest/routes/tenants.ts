import * as wire from '@castellan/contracts'
import { requireInstallationAdmin } from '../../../identity/index.ts'
import type { Core } from '../../core.ts'
import { administer } from '../allowed.ts'
import { callerOf } from '../caller.ts'
import { listRoute } from '../list-route.ts'
import { byId } from '../path-parts.ts'
import type { TypedApp } from '../route.ts'
import { wireTenant } from '../wire/access.ts'

const tags = ['tenants']

/** For those who administer the installation; to all others there is only their own tenant. */
export function tenantRoutes(app: TypedApp, { directory, welcomeTenant }: Core): void {
  listRoute(app, '/api/tenants', {
    operationId: 'listTenants',
    tags,
    summary: 'All tenants',
    access: administer,
    item: wire.tenant,
    all: ({ identity }) => {
      requireInstallationAdmin(identity)
      return directory.tenants.list()
    },
    idOf: tenant => tenant.id,
    show: wireTenant,
  })
  app.post(
    '/api/tenants',
    {
      schema: {
        operationId: 'createTenant',
        tags,
        summary: 'Make a tenant, and its maker its administrator',
        body: wire.tenantInput,
        response: { 201: wire.tenant },
      },
    },
    async (request, reply) => {
      const { identity, actor } = callerOf(request, administer)
      requireInstallationAdmin(identity)
      const { id, description = '' } = request.body
      const tenant = await directory.tenants.create({ id, description }, actor)
      await directory.principals.invite(identity.principal.id, { tenant: id, roles: ['admin'] }, actor)
      await welcomeTenant(id, actor)
      return reply.code(201).send(wireTenant(tenant))
    },
  )
  app.put(
    '/api/tenants/:id',
    {
      schema: {
        operationId: 'changeTenant',
        tags,
        summary: 'Describe, suspend or resume a tenant',
        params: byId,
        body: wire.tenantChange,
        response: { 200: wire.tenant },
      },
    },
    async request => {
      const { identity, actor } = callerOf(request, administer)
      requireInstallationAdmin(identity)
      const { description, suspended } = request.body
      const { id } = request.params
      if (suspended !== undefined) {
        await (suspended ? directory.tenants.suspend(id, actor) : directory.tenants.resume(id, actor))
      }
      if (description !== undefined) await directory.tenants.describe(id, description, actor)
      return wireTenant(await directory.tenants.get(id))
    },
  )
}
