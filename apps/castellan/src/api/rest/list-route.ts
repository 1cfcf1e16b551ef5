import type { FastifyRequest } from 'fastify'
import type { z } from 'zod'
import * as wire from '@castellan/contracts'
import type { Access } from '../../identity/index.ts'
import { callerOf, type RestCaller } from './caller.ts'
import { pageOf } from './page.ts'
import type { TypedApp } from './route.ts'

interface Listed<T, Wire> {
  readonly operationId: string
  readonly tags: readonly string[]
  readonly summary: string
  readonly access: Access
  readonly item: z.ZodType<Wire>
  /** Everything the caller may see. */
  readonly all: (caller: RestCaller) => readonly T[] | Promise<readonly T[]>
  /** Unique, and what the list is ordered by. */
  readonly idOf: (item: T) => string
  readonly show: (item: T, caller: RestCaller) => Wire
}

/** A route that shows what is kept in memory, page by page. */
export function listRoute<T, Wire>(app: TypedApp, path: string, listed: Listed<T, Wire>): void {
  const { operationId, tags, summary, access, item, all, idOf, show } = listed
  const schema = { operationId, tags, summary, querystring: wire.paging, response: { 200: wire.listOf(item) } }
  app.get(path, { schema }, async (request: FastifyRequest) => {
    const caller = callerOf(request, access)
    const paging = request.query as z.output<typeof wire.paging>
    return pageOf(await all(caller), paging, idOf, each => show(each, caller))
  })
}
