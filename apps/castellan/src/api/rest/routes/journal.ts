import { z } from 'zod'
import * as wire from '@castellan/contracts'
import { type EntryFilter, follow } from '../../../journal/index.ts'
import type { Core } from '../../core.ts'
import { callerOf } from '../caller.ts'
import type { TypedApp } from '../route.ts'
import { journalEvent } from '../wire/event.ts'

const look = { scope: 'read', roles: ['admin', 'auditor'] } as const
const tags = ['journal']

const filters = z.strictObject({
  /** Pattern over types: `*` is one level, a final `>` one or more. */
  topic: z
    .string()
    .regex(/^[a-z_*]+(\.[a-z_*]+)*(\.>)?$|^>$/, 'must be a topic such as call.* or server.>')
    .max(200)
    .optional(),
  stream: z.string().max(200).optional(),
  principal: z.string().max(200).optional(),
  correlation_id: z.string().max(200).optional(),
})
const offset = z.coerce.number().int().min(0)

export function journalRoutes(app: TypedApp, { journal }: Core): void {
  app.get(
    '/api/journal',
    {
      schema: {
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
      const entries = await journal.store.read(after, limit + 1, entryFilter(tenant, filter))
      const items = entries.slice(0, limit)
      return { items: items.map(journalEvent), next: entries.length > limit ? String(items.at(-1)!.offset) : null }
    },
  )
  app.get(
    '/api/journal/tail',
    {
      schema: {
        tags,
        summary: 'The journal as it grows, as Server-Sent Events; Last-Event-ID resumes',
        querystring: filters.extend({ after: offset.optional() }),
      },
    },
    async (request, reply) => {
      const { tenant } = callerOf(request, look).identity
      const { after, ...filter } = request.query
      const resumed = offset.safeParse(request.headers['last-event-id']).data
      const from = resumed ?? after ?? (await journal.store.head())
      reply.hijack()
      const { raw } = reply
      raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
      raw.write(': from here on\n\n')
      const gone = new AbortController()
      raw.once('close', () => gone.abort())
      const heartbeat = setInterval(() => raw.write(': still here\n\n'), 15_000)
      try {
        for await (const entry of follow(journal.store, from, gone.signal, entryFilter(tenant, filter))) {
          const text = `id: ${entry.offset}\nevent: ${entry.type}\ndata: ${JSON.stringify(journalEvent(entry))}\n\n`
          // A reader that does not read gets no more until it does: the journal keeps it all, memory would not.
          if (!raw.write(text)) await drained(raw, gone.signal)
        }
      } finally {
        clearInterval(heartbeat)
        raw.end()
      }
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

async function drained(stream: NodeJS.EventEmitter, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  stream.once('drain', resolve)
  signal.addEventListener('abort', () => resolve(), { once: true })
  if (signal.aborted) resolve()
  await promise
  stream.off('drain', resolve)
}
