import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { Actor } from '../../identity/index.ts'
import { write } from './allowed.ts'
import { callerOf } from './caller.ts'
import type { TypedApp } from './route.ts'

interface Removed {
  readonly operationId: string
  readonly tags: readonly string[]
  readonly summary: string
  readonly remove: (idOrName: string, actor: Actor) => Promise<void>
}

/** A route that removes a thing its path names, or something of it. */
export function removeRoute(
  app: TypedApp,
  path: `${string}/:${'id' | 'name'}${'' | `/${string}`}`,
  removed: Removed,
): void {
  const { operationId, tags, summary, remove } = removed
  const part = path.includes('/:id') ? 'id' : 'name'
  const params = z.object({ [part]: z.string() })
  const schema = { operationId, tags, summary, params, response: { 204: z.null() } }
  app.delete(path, { schema }, async (request: FastifyRequest, reply) => {
    await remove((request.params as Record<typeof part, string>)[part], callerOf(request, write).actor)
    return reply.code(204).send(null)
  })
}
