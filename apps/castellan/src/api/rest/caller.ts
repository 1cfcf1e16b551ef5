import type { FastifyRequest } from 'fastify'
import { type Access, type Actor, type Identity, requireAccess } from '../../identity/index.ts'
import { fault, newId } from '../../kernel/index.ts'
import type { Core } from '../core.ts'

/** Who asks, and the thread their request belongs to. */
export interface RestCaller {
  readonly identity: Identity
  readonly correlationId: string
  readonly actor: Actor
}

const callers = new WeakMap<FastifyRequest, RestCaller>()

/** Identifies whoever sent a request. Throws `UNAUTHENTICATED`, or `REQUEST_INVALID` for an unusable correlation id. */
export async function identify(core: Core, request: FastifyRequest): Promise<RestCaller> {
  const { authorization, 'x-tenant-id': tenant } = request.headers
  const correlationId = correlationOf(request)
  const presented = { authorization, tenant: typeof tenant === 'string' ? tenant : undefined }
  const identity = await core.authenticator.authenticate(presented, AbortSignal.timeout(10_000))
  const actor = { tenant: identity.tenant, principal: identity.principal.id, correlationId }
  const caller = { identity, correlationId, actor }
  callers.set(request, caller)
  return caller
}

/** The caller of a request that was let in, if its credentials allow this. Throws `FORBIDDEN`. */
export function callerOf(request: FastifyRequest, access: Access): RestCaller {
  const caller = callers.get(request)
  if (!caller) throw fault('UNAUTHENTICATED')
  requireAccess(caller.identity, access)
  return caller
}

function correlationOf(request: FastifyRequest): string {
  const given = request.headers['x-correlation-id']
  if (given === undefined) return newId()
  if (typeof given === 'string' && /^[\x21-\x7e]{1,128}$/.test(given)) return given
  throw fault('REQUEST_INVALID', { why: 'X-Correlation-ID must be 1 to 128 visible ASCII characters' })
}
