import { z } from 'zod'
import * as wire from '@castellan/contracts'
import { cloudEvent, type EntryFilter, publish } from '../../../journal/index.ts'
import type { JsonObject } from '../../../kernel/index.ts'
import type { Core } from '../../core.ts'
import { look, tell } from '../allowed.ts'
import { callerOf, stillAllowed } from '../caller.ts'
import type { TypedApp } from '../route.ts'
import { tail } from '../tail.ts'

const tags = ['journal']

const filters = z.strictObject({
  topic: wire.topicPattern.optional(),
  stream: wire.line(200).optional(),
  principal: wire.line(200).optional(),
  correlation_id: wire.line(200).optional(),
})
const offset = z.coerce.number().int().min(0)

export function journalRoutes(app: TypedApp, core: Core): void {
  const { store } = core.journal
  app.get(
    '/api/journal',
    {
      schema: {
        operationId: 'listJournal',
        tags,
        summary: 'The journal of the tenant, by offset, as CloudEvents',
        querystring: filters.extend({
          after: offset.default(0),
          limit: z.coerce.number().int().min(1).max(500).default(100),
        }),
        response: { 200: wire.listOf(wire.journalEvent) },
      },
    },
    async request => {
      const { tenant } = callerOf(request, look).identity
      const { after, limit, ...filter } = request.query
      const entries = await store.read(after, limit + 1, entryFilter(tenant, filter))
      const items = entries.slice(0, limit)
      return { items: items.map(cloudEvent), next: entries.length > limit ? String(items.at(-1)!.offset) : null }
    },
  )
  app.post(
    '/api/events',
    {
      schema: {
        operationId: 'publishEvent',
        tags,
        summary: 'Write an event of your own into the journal, for all who subscribe',
        body: wire.eventInput,
        response: { 201: wire.journalEvent },
      },
    },
    async (request, reply) => {
      const { actor } = callerOf(request, tell)
      const { type, data, id = null, causationid: causationId = null } = request.body
      const entry = await publish(core.journal, { type, data: data as JsonObject, id, causationId }, actor)
      return reply.code(201).send(cloudEvent(entry))
    },
  )
  const stream = { description: 'OK', content: { 'text/event-stream': { schema: z.string() } } }
  app.get(
    '/api/journal/tail',
    {
      // A stream that never begins its body would never end, either.
      exposeHeadRoute: false,
      schema: {
        operationId: 'tailJournal',
        tags,
        summary: 'The journal as it grows, as Server-Sent Events; Last-Event-ID resumes',
        querystring: filters.extend({ after: offset.optional() }),
        response: { 200: stream },
      },
    },
    async (request, reply) => {
      const { tenant } = callerOf(request, look).identity
      const { after, ...filter } = request.query
      const resumed = offset.safeParse(request.headers['last-event-id']).data
      const from = resumed ?? after ?? (await store.head())
      await tail(reply, store, {
        from,
        filter: entryFilter(tenant, filter),
        mayGoOn: () => stillAllowed(core, request, look),
      })
    },
  )
}

function entryFilter(tenant: string, given: z.output<typeof filters>): EntryFilter {
  const { topic, stream, principal, correlation_id: correlationId } = given
  return {
    tenant,
    ...(topic === undefined ? {} : { topic }),
    ...(stream === undefined ? {} : { stream }),
    ...(principal === undefined ? {} : { principal }),
    ...(correlationId === undefined ? {} : { correlationId }),
  }
}
