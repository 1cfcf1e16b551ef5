import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { problem } from '@castellan/contracts'
import type { DescribedRoute } from './reference.ts'

/**
 * Describes every route that is added to `app` from now on as OpenAPI 3.1, at `/api/openapi.json` and for people at `/docs`.
 * Both are made when they are first asked for: most processes never are, and making them takes longer than to start.
 */
export function describeRoutes(app: FastifyInstance, version: string): void {
  const routes: DescribedRoute[] = []
  app.addHook('onRoute', route => {
    const { method, url, schema } = route
    if (!schema || schema.hide === true || method === 'HEAD') return
    // A parameter that a route does not know is a mistake of the caller, also where it knows none.
    schema.querystring ??= z.strictObject({})
    schema.response = { ...(schema.response as object), default: anyProblem }
    routes.push({ method, url, schema })
  })

  let opened: Promise<FastifyInstance> | undefined
  const reference = () => (opened ??= import('./reference.ts').then(it => it.openReference(routes, version)))
  app.addHook('onClose', async () => (await opened)?.close())

  app.get('/api/openapi.json', { schema: { hide: true } }, async () => (await reference()).swagger())
  for (const url of ['/docs', '/docs/', '/docs/json', '/docs/yaml', '/docs/static/*']) {
    app.get(url, { schema: { hide: true } }, async (request, reply) => handOver(await reference(), request, reply))
  }
}

/** Answers with what another server says to the same request; what it does not have is not here either. */
async function handOver(to: FastifyInstance, { url, headers }: FastifyRequest, reply: FastifyReply) {
  const answer = await to.inject({ method: 'GET', url, headers })
  if (answer.statusCode === 404) return reply.callNotFound()
  for (const [name, value] of Object.entries(answer.headers)) {
    if (value !== undefined && !ofTheConnection.has(name)) reply.header(name, value)
  }
  return reply.code(answer.statusCode).send(answer.rawPayload.length === 0 ? undefined : answer.rawPayload)
}

const ofTheConnection = new Set(['connection', 'keep-alive', 'transfer-encoding'])

const anyProblem = {
  description: 'What is wrong, as problem details (RFC 9457); `code` is explained in docs/errors.md',
  content: { 'application/problem+json': { schema: problem } },
}
