import { z } from 'zod'
import { DEFAULT_TENANT } from '../../../identity/index.ts'
import { fault } from '../../../kernel/index.ts'
import type { Core } from '../../core.ts'
import { look } from '../allowed.ts'
import { callerOf } from '../caller.ts'
import type { TypedApp } from '../route.ts'

const tags = ['operations']
/** Anybody may ask. */
const security: [] = []

/** What balancers ask, without credentials. */
export function lifeRoutes(app: TypedApp, core: Core): void {
  app.get(
    '/health',
    {
      schema: {
        operationId: 'getHealth',
        tags,
        security,
        summary: 'Whether the process lives',
        response: { 200: z.object({ status: z.literal('ok'), version: z.string() }) },
      },
    },
    async () => ({ status: 'ok' as const, version: core.version }),
  )
  const readiness = z.object({
    ready: z.boolean(),
    reason: z.string().nullable(),
    impaired: z.array(z.string()).describe('What goes worse than it could, though work is accepted'),
  })
  app.get(
    '/ready',
    {
      schema: {
        operationId: 'getReadiness',
        tags,
        security,
        summary: 'Whether work is accepted',
        response: { 200: readiness, 503: readiness },
      },
    },
    async (_request, reply) => {
      const reason = core.notReady()
      return reply
        .code(reason === null ? 200 : 503)
        .send({ ready: reason === null, reason, impaired: [...core.impaired()] })
    },
  )
}

/** What monitors ask. The numbers are those of the whole installation, so other tenants do not see them. */
export function metricRoutes(app: TypedApp, core: Core): void {
  const text = { description: 'OK', content: { 'text/plain': { schema: z.string() } } }
  app.get(
    '/metrics',
    {
      schema: {
        operationId: 'getMetrics',
        tags,
        summary: 'Metrics in the Prometheus text format',
        response: { 200: text },
      },
    },
    async (request, reply) => {
      const { tenant } = callerOf(request, look).identity
      if (tenant !== DEFAULT_TENANT) throw fault('FORBIDDEN', { needs: `the tenant ${DEFAULT_TENANT}` })
      return reply.type('text/plain; version=0.0.4; charset=utf-8').send(await core.metrics())
    },
  )
}
