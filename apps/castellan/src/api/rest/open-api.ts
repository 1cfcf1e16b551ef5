import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { problem } from '@castellan/contracts'
import { referenceContent } from './answer-headers.ts'
import { tidyComponents } from './tidy-components.ts'

/** Describes every route that is added to `app` from now on as OpenAPI 3.1, at `/api/openapi.json` and for people at `/docs`. */
export async function describeRoutes(app: FastifyInstance, version: string): Promise<void> {
  app.addHook('onRoute', route => {
    const { schema } = route
    if (!schema || schema.hide === true) return
    // A parameter that a route does not know is a mistake of the caller, also where it knows none.
    schema.querystring ??= z.strictObject({})
    schema.response = { ...(schema.response as object), default: anyProblem }
  })
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Castellan',
        version,
        description: 'The control plane for AI agents that act.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer', description: 'An API key, or a token of the configured issuer.' },
        },
      },
      security: [{ bearer: [] }],
    },
    transform: jsonSchemaTransform,
    transformObject: document => tidyComponents(jsonSchemaTransformObject(document)),
  })
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: referenceContent,
    theme: { title: 'Castellan: REST API' },
    logo: { type: 'image/svg+xml', content: wordmark },
    // The default would send the document to a service on the internet to be judged.
    uiConfig: { validatorUrl: null, url: '/api/openapi.json' },
  })
  app.get('/api/openapi.json', { schema: { hide: true } }, () => app.swagger())
}

const wordmark = Buffer.from(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 150 36"><text x="0" y="26" font-family="sans-serif" font-size="24" font-weight="bold" fill="#fff">Castellan</text></svg>',
)

const anyProblem = {
  description: 'What is wrong, as problem details (RFC 9457); `code` is explained in docs/errors.md',
  content: { 'application/problem+json': { schema: problem } },
}
