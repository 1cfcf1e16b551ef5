import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'
import {
  jsonSchemaTransform,
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from 'fastify-type-provider-zod'
import { parseStrict } from '../../kernel/index.ts'
import type { Core } from '../core.ts'
import { applyRoutes } from './apply/route.ts'
import { identify } from './caller.ts'
import { handleErrors, sendProblem } from './error-handler.ts'
import { problem } from './problem.ts'
import { grantRoutes, groupRoutes, keyRoutes, principalRoutes, tenantRoutes } from './routes/access.ts'
import { callRoutes } from './routes/calls.ts'
import { journalRoutes } from './routes/journal.ts'
import { operationRoutes } from './routes/operations.ts'
import { ruleRoutes } from './routes/rules.ts'
import { serverRoutes } from './routes/servers.ts'

/** Answered without credentials. */
const OPEN = ['/health', '/ready', '/docs', '/api/openapi.json']

/** The REST API, its OpenAPI 3.1 document at `/api/openapi.json` and its reference at `/docs`. */
export function restPlugin(core: Core): (app: FastifyInstance) => Promise<void> {
  return async plain => {
    const app = plain.withTypeProvider<ZodTypeProvider>()
    app.setValidatorCompiler(validatorCompiler)
    app.setSerializerCompiler(serializerCompiler)
    app.removeAllContentTypeParsers()
    app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, text, done) => {
      try {
        done(null, parseStrict(text as string))
      } catch (error) {
        done(error as Error, undefined)
      }
    })
    handleErrors(app, core)
    app.addHook('onRequest', async (request, reply) => {
      if (
        OPEN.some(
          path => request.url === path || request.url.startsWith(`${path}/`) || request.url.startsWith(`${path}?`),
        )
      )
        return
      const { correlationId } = await identify(core, request)
      reply.header('x-correlation-id', correlationId)
    })
    await app.register(swagger, {
      openapi: {
        openapi: '3.1.0',
        info: { title: 'Castellan', version: core.version, description: 'The control plane for AI agents that act.' },
        components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } },
        security: [{ bearer: [] }],
      },
      transform: jsonSchemaTransform,
    })
    await app.register(swaggerUi, { routePrefix: '/docs' })
    app.get('/api/openapi.json', { schema: { hide: true } }, () => app.swagger())

    serverRoutes(app, core)
    grantRoutes(app, core)
    groupRoutes(app, core)
    tenantRoutes(app, core)
    principalRoutes(app, core)
    keyRoutes(app, core)
    ruleRoutes(app, core)
    callRoutes(app, core)
    journalRoutes(app, core)
    applyRoutes(app, core)
    operationRoutes(app, core)

    app.setNotFoundHandler((request, reply) =>
      sendProblem(
        reply,
        problem(404, 'NOT_FOUND', `There is nothing at ${request.method} ${request.url.split('?')[0]?.slice(0, 200)}.`),
      ),
    )
  }
}
