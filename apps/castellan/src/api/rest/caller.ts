import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Access, type Actor, type Identity, requireAccess } from '../../identity/index.ts'
import { fault, isFault, newId } from '../../kernel/index.ts'
import { refuseCallOfNobody } from '../call-of-nobody.ts'
import type { Core } from '../core.ts'
import { identityOf } from '../identity-of.ts'

/** Who asks, and the thread their request belongs to. */
export interface RestCaller {
  readonly identity: Identity
  readonly correlationId: string
  readonly actor: Actor
}

const callers = new WeakMap<FastifyRequest, RestCaller>()

/**
 * Identifies whoever sent a request, and tells them under which correlation id the journal speaks of it.
 * Throws `UNAUTHENTICATED`, or `REQUEST_INVALID` for an unusable correlation id.
 */
export async function identify(core: Core, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const correlationId = correlationOf(request)
  reply.header('x-correlation-id', correlationId)
  const identity = await identityOf(core, request.headers).catch(async (error: unknown) => {
    // The body is not read for somebody unknown, so the journal has that somebody called, and not what.
    const called = request.method === 'POST' && request.routeOptions.url === '/api/calls'
    if (called && isFault(error, 'UNAUTHENTICATED')) {
      await refuseCallOfNobody(core, { name: '', view: { is: 'all' }, via: 'rest', correlationId })
    }
    throw error
  })
  const actor = { tenant: identity.tenant, principal: identity.principal.id, correlationId }
  callers.set(request, { identity, correlationId, actor })
}

/** The caller of a request that was let in, if its credentials allow this. Throws `FORBIDDEN`. */
export function callerOf(request: FastifyRequest, access: Access): RestCaller {
  const caller = callers.get(request)
  if (!caller) throw fault('UNAUTHENTICATED')
  requireAccess(caller.identity, access)
  return caller
}

/** Whether what the request presented would still be let in to this; for answers that go on for long. */
export async function stillAllowed(core: Core, request: FastifyRequest, access: Access): Promise<boolean> {
  try {
    requireAccess(await identityOf(core, request.headers), access)
    return true
  } catch (error) {
    // Nobody's credentials are worth less because the store cannot be asked at the moment.
    return !isFault(error) || error.kind !== 'denied'
  }
}

/** Throws `REQUEST_INVALID` for one that cannot be used. */
export function correlationOf(request: FastifyRequest): string {
  const given = request.headers['x-correlation-id']
  if (given === undefined) return newId()
  if (typeof given === 'string' && /^[\x21-\x7e]{1,128}$/.test(given)) return given
  throw fault('REQUEST_INVALID', { why: 'X-Correlation-ID must be 1 to 128 visible ASCII characters' })
}
