import * as wire from '@castellan/contracts'
import { fault, isId, notFound, parseDuration } from '../../../kernel/index.ts'
import type { Core } from '../../core.ts'
import { look, use } from '../allowed.ts'
import { callerOf } from '../caller.ts'
import { clientGone } from '../client-gone.ts'
import { sendProblem } from '../error-handler.ts'
import { patienceOf } from '../patience.ts'
import { byId } from '../path-parts.ts'
import { problemOfDenial } from '../problem.ts'
import type { TypedApp } from '../route.ts'
import { callAnswer, callRecord } from '../wire/call.ts'
import { cloudEvent } from '../../../journal/index.ts'

const tags = ['calls']

export function callRoutes(app: TypedApp, { gate, calls, journal }: Core): void {
  app.post(
    '/api/calls',
    {
      schema: {
        operationId: 'callTool',
        tags,
        summary: 'Call a tool through the gate',
        body: wire.callInput,
        response: { 200: wire.callAnswer },
      },
    },
    async (request, reply) => {
      const { identity, correlationId } = callerOf(request, use)
      const {
        name,
        args,
        idempotency_key: idempotencyKey = null,
        dry_run: dryRun = false,
        session_id: sessionId = null,
        run_id: runId,
        timeout,
      } = request.body
      const patience = timeout === undefined ? [] : [AbortSignal.timeout(parseDuration(timeout))]
      const answer = await gate.pass({
        identity,
        view: { is: 'all' },
        use: 'tool',
        as: 'tool',
        name,
        args,
        context: {
          correlationId,
          causationId: null,
          sessionId,
          idempotencyKey,
          dryRun,
          via: 'rest',
          meta: null,
          ...(runId === undefined ? {} : { runId }),
        },
        patience: patienceOf(request),
        io: { signal: AbortSignal.any([clientGone(reply), ...patience]), onProgress: null, client: null },
      })
      return answer.is === 'denied' ? sendProblem(reply, problemOfDenial(answer, name)) : callAnswer(answer)
    },
  )
  app.get(
    '/api/calls',
    {
      schema: {
        operationId: 'listCalls',
        tags,
        summary: 'Calls, newest first',
        querystring: wire.paging.extend({
          principal: wire.line(200).optional(),
          server: wire.line(200).optional(),
          outcome: wire.line(50).optional(),
          correlation_id: wire.line(200).optional(),
        }),
        response: { 200: wire.listOf(wire.callRecord) },
      },
    },
    async request => {
      const { tenant } = callerOf(request, look).identity
      const { after, limit, principal, server, outcome, correlation_id: correlationId } = request.query
      if (after !== undefined && !isId(after))
        throw fault('REQUEST_INVALID', { why: '"after" must be the id of a call' })
      const filter = {
        ...(principal === undefined ? {} : { principal }),
        ...(server === undefined ? {} : { server }),
        ...(outcome === undefined ? {} : { outcome }),
        ...(correlationId === undefined ? {} : { correlationId }),
      }
      const found = await calls.calls(tenant, filter, after ?? null, limit + 1)
      const items = found.slice(0, limit)
      return { items: items.map(callRecord), next: found.length > limit ? (items.at(-1)?.id ?? null) : null }
    },
  )
  app.get(
    '/api/calls/:id',
    {
      schema: {
        operationId: 'getCall',
        tags,
        summary: 'One call with its journal entries',
        params: byId,
        response: { 200: wire.callDetail },
      },
    },
    async request => {
      const { tenant } = callerOf(request, look).identity
      const { id } = request.params
      const record = isId(id) ? await calls.call(tenant, id) : undefined
      if (!record) throw notFound('call', id)
      const entries = await journal.store.readStream(tenant, `call:${id}`)
      return { ...callRecord(record), entries: entries.map(cloudEvent) }
    },
  )
}
