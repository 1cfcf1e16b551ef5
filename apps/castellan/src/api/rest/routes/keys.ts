import * as wire from '@castellan/contracts'
import type { Core } from '../../core.ts'
import { administer, look } from '../allowed.ts'
import { callerOf } from '../caller.ts'
import { listRoute } from '../list-route.ts'
import { byId } from '../path-parts.ts'
import type { TypedApp } from '../route.ts'
import { wireKey } from '../wire/access.ts'

const tags = ['keys']

export function keyRoutes(app: TypedApp, { directory }: Core): void {
  listRoute(app, '/api/keys', {
    operationId: 'listKeys',
    tags,
    summary: 'API keys, without the keys themselves',
    access: look,
    item: wire.key,
    all: ({ identity }) => directory.keys.list(identity.tenant),
    idOf: key => key.id,
    show: wireKey,
  })
  app.post(
    '/api/keys',
    {
      schema: {
        operationId: 'createKey',
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
    {
      schema: {
        operationId: 'revokeKey',
        tags,
        summary: 'Revoke a key, from the next request on',
        params: byId,
        response: { 200: wire.key },
      },
    },
    async request => wireKey(await directory.keys.revoke(request.params.id, callerOf(request, administer).actor)),
  )
}
