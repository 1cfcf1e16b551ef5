import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import Fastify, { type FastifyInstance, type RouteOptions } from 'fastify'
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod'
import { referenceContent } from './answer-headers.ts'
import { tidyComponents } from './tidy-components.ts'

/** A route as it is described. */
export type DescribedRoute = Pick<RouteOptions, 'method' | 'url' | 'schema'>

/**
 * The document of these routes (`swagger()`) and its pages for people under `/docs`, as a server that listens nowhere and is
 * asked by `inject`.
 */
export async function openReference(routes: readonly DescribedRoute[], version: string): Promise<FastifyInstance> {
  const app = Fastify({ exposeHeadRoutes: false })
  // The routes are here to be read.
  app.setValidatorCompiler(() => () => true)
  app.setSerializerCompiler(() => JSON.stringify)
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
  for (const { method, url, schema } of routes) app.route({ method, url, schema, handler: () => undefined })
  await app.ready()
  return app
}

const wordmark = Buffer.from(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 150 36"><text x="0" y="26" font-family="sans-serif" font-size="24" font-weight="bold" fill="#fff">Castellan</text></svg>',
)
