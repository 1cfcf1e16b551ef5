import { z } from 'zod'
import type { Core } from '../../core.ts'
import { callerOf } from '../caller.ts'
import type { TypedApp } from '../route.ts'

const tags = ['operations']

/** What balancers and monitors ask. Health and readiness say nothing that needs a key. */
export function operationRoutes(app: TypedApp, core: Core): void {
  app.get(
    '/health',
    {
      schema: {
        tags,
        summary: 'Whether the process lives',
        response: { 200: z.object({ status: z.literal('ok'), version: z.string() }) },
      },
    },
    () => ({ status: 'ok' as const, version: core.version }),
  )
  const readiness = z.object({ ready: z.boolean(), reason: z.string().nullable() })
  app.get(
    '/ready',
    { schema: { tags, summary: 'Whether work is accepted', response: { 200: readiness, 503: readiness } } },
    async (_request, reply) => {
      const reason = core.notReady()
      return reply.code(reason === null ? 200 : 503).send({ ready: reason === null, reason })
    },
  )
  app.get(
    '/metrics',
    { schema: { tags, summary: 'Metrics in the Prometheus text format' } },
    async (request, reply) => {
      callerOf(request, { scope: 'read' })
      return reply.type('text/plain; version=0.0.4; charset=utf-8').send(await core.metrics())
    },
  )
}
