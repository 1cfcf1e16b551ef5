import type { FastifyInstance, HTTPMethods } from 'fastify'
import { sendProblem } from './error-handler.ts'
import { problem } from './problem.ts'

/**
 * Notes the paths of routes that are added to `app` from now on. The result, called after the last of them, answers every
 * other method there with 405 and what is allowed, and OPTIONS with the same list.
 */
export function otherMethods(app: FastifyInstance): () => void {
  const routes = new Map<string, Set<string>>()
  app.addHook('onRoute', ({ url, method }) => {
    const taken = routes.get(url) ?? new Set()
    routes.set(url, taken)
    for (const each of [method].flat()) taken.add(each)
  })
  return () => {
    const methods = app.supportedMethods as HTTPMethods[]
    // Taken now, since what is added below is noted like any other route.
    const described = [...routes]
    for (const [url, taken] of described) {
      const allow = [...taken].toSorted().join(', ')
      app.route({
        method: methods.filter(method => !taken.has(method)),
        url,
        schema: { hide: true },
        handler: async (request, reply) => {
          reply.header('allow', allow)
          if (request.method === 'OPTIONS') return reply.code(204).send()
          return sendProblem(reply, problem(405, 'REQUEST_INVALID', `This path takes only ${allow}.`))
        },
      })
    }
  }
}
