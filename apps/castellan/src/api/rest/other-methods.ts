import type { FastifyInstance, HTTPMethods } from 'fastify'
import { sendProblem } from './error-handler.ts'
import { problem } from './problem.ts'

/**
 * Notes the paths of routes that are added to `app` from now on. The result, called after the last of them, answers every
 * other method there with 405 and what is allowed, and OPTIONS with the same list.
 */
export function otherMethods(app: FastifyInstance): () => void {
  const urls = new Set<string>()
  app.addHook('onRoute', ({ url }) => void urls.add(url))
  return () => {
    const methods = app.supportedMethods as HTTPMethods[]
    for (const url of urls) {
      const taken = methods.filter(method => app.hasRoute({ method, url }))
      const allow = taken.toSorted().join(', ')
      app.route({
        method: methods.filter(method => !taken.includes(method)),
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
