import { z } from 'zod'
import * as wire from '@castellan/contracts'
import { requireInstallationAdmin } from '../../../identity/index.ts'
import type { Core } from '../../core.ts'
import { callerOf } from '../caller.ts'
import { pageOf } from '../page.ts'
import type { TypedApp } from '../route.ts'
import { wireGrant, wireGroup, wireKey, wirePrincipal, wireTenant } from '../wire/access.ts'

const read = { scope: 'read' } as const
const look = { scope: 'read', roles: ['admin', 'auditor'] } as const
const write = { scope: 'write', roles: ['admin'] } as const
const administer = { scope: 'admin', roles: ['admin'] } as const
const byId = z.object({ id: z.string().max(200) })
const byName = z.object({ name: z.string().max(200) })

export function grantRoutes(app: TypedApp, { registry, directory }: Core): void {
  const tags = ['grants']
  app.get(
    '/api/grants',
    {
      schema: {
        tags,
        summary: 'Who may see what',
        querystring: wire.paging,
        response: { 200: wire.listOf(wire.grant) },
      },
    },
    request =>
      pageOf(registry.grants(callerOf(request, look).identity.tenant), request.query, grant => grant.id, wireGrant),
  )
  app.post(
    '/api/grants',
    { schema: { tags, summary: 'Let someone see something', body: wire.grantInput, response: { 201: wire.grant } } },
    async (request, reply) => {
      const { actor } = callerOf(request, write)
      const { to, server, primitive_type: primitive, name, as_tool: asTool = false } = request.body
      if ('principal' in to) await directory.principals.get(actor.tenant, to.principal)
      return reply.code(201).send(wireGrant(await registry.addGrant({ to, server, primitive, name, asTool }, actor)))
    },
  )
  app.delete(
    '/api/grants/:id',
    { schema: { tags, summary: 'Take a grant away', params: byId, response: { 204: z.null() } } },
    async (request, reply) => {
      await registry.removeGrant(request.params.id, callerOf(request, write).actor)
      return reply.code(204).send(null)
    },
  )
}

export function groupRoutes(app: TypedApp, { registry }: Core): void {
  const tags = ['groups']
  app.get(
    '/api/groups',
    {
      schema: {
        tags,
        summary: 'Virtual servers',
        querystring: wire.paging,
        response: { 200: wire.listOf(wire.group) },
      },
    },
    request =>
      pageOf(registry.groups(callerOf(request, read).identity.tenant), request.query, group => group.name, wireGroup),
  )
  app.get(
    '/api/groups/:name',
    { schema: { tags, summary: 'One virtual server', params: byName, response: { 200: wire.group } } },
    request => wireGroup(registry.group(callerOf(request, read).identity.tenant, request.params.name)),
  )
  app.put(
    '/api/groups/:name',
    {
      schema: {
        tags,
        summary: 'Make or change a virtual server',
        params: z.object({
          name: z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/, 'must be a-z, 0-9 and hyphens'),
        }),
        body: wire.groupInput,
        response: { 200: wire.group },
      },
    },
    async request => {
      const { description = '', members } = request.body
      const spec = { name: request.params.name, description, members }
      return wireGroup(await registry.putGroup(spec, callerOf(request, write).actor))
    },
  )
  app.delete(
    '/api/groups/:name',
    { schema: { tags, summary: 'Remove a virtual server', params: byName, response: { 204: z.null() } } },
    async (request, reply) => {
      await registry.removeGroup(request.params.name, callerOf(request, write).actor)
      return reply.code(204).send(null)
    },
  )
}

export function tenantRoutes(app: TypedApp, { directory, welcomeTenant }: Core): void {
  const tags = ['tenants']
  app.get(
    '/api/tenants',
    { schema: { tags, summary: 'All tenants', querystring: wire.paging, response: { 200: wire.listOf(wire.tenant) } } },
    async request => {
      requireInstallationAdmin(callerOf(request, administer).identity)
      return pageOf(await directory.tenants.list(), request.query, tenant => tenant.id, wireTenant)
    },
  )
  app.post(
    '/api/tenants',
    {
      schema: {
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
      if (description !== undefined) await directory.tenants.describe(id, description, actor)
      if (suspended !== undefined)
        await (suspended ? directory.tenants.suspend(id, actor) : directory.tenants.resume(id, actor))
      return wireTenant(await directory.tenants.get(id))
    },
  )
}

export function principalRoutes(app: TypedApp, { directory }: Core): void {
  const tags = ['principals']
  app.get(
    '/api/principals',
    {
      schema: {
        tags,
        summary: 'Who belongs to the tenant',
        querystring: wire.paging,
        response: { 200: wire.listOf(wire.principal) },
      },
    },
    async request => {
      const { tenant } = callerOf(request, look).identity
      const all = await directory.principals.list(tenant)
      return pageOf(
        all,
        request.query,
        principal => principal.id,
        principal => wirePrincipal(principal, tenant),
      )
    },
  )
  app.post(
    '/api/principals',
    { schema: { tags, summary: 'Add a principal', body: wire.principalInput, response: { 201: wire.principal } } },
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

export function keyRoutes(app: TypedApp, { directory }: Core): void {
  const tags = ['keys']
  app.get(
    '/api/keys',
    {
      schema: {
        tags,
        summary: 'API keys, without the keys themselves',
        querystring: wire.paging,
        response: { 200: wire.listOf(wire.key) },
      },
    },
    async request => {
      const keys = await directory.keys.list(callerOf(request, look).identity.tenant)
      return pageOf(keys, request.query, key => key.id, wireKey)
    },
  )
  app.post(
    '/api/keys',
    {
      schema: {
        tags,
        summary: 'Make a key; only this answer holds it',
        body: wire.keyInput,
        response: { 201: wire.newKey },
      },
    },
    async (request, reply) => {
      const { actor } = callerOf(request, administer)
      const { principal, name, scopes, expires_at: expiresAt = null } = request.body
      const { key, plaintext } = await directory.keys.create({ principal, name, scopes, expiresAt }, actor)
      return reply.code(201).send({ ...wireKey(key), plaintext })
    },
  )
  app.delete(
    '/api/keys/:id',
    { schema: { tags, summary: 'Revoke a key, from the next request on', params: byId, response: { 200: wire.key } } },
    async request => wireKey(await directory.keys.revoke(request.params.id, callerOf(request, administer).actor)),
  )
}
