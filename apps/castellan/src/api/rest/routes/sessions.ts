import { z } from 'zod'
import * as wire from '@castellan/contracts'
import { fault, isId, type JsonObject, notFound, parseDuration } from '../../../kernel/index.ts'
import { wireSession, wireStep } from '../../../sessions/index.ts'
import type { Core } from '../../core.ts'
import { clientGone } from '../client-gone.ts'
import { use } from '../allowed.ts'
import { callerOf } from '../caller.ts'
import { patienceOf } from '../patience.ts'
import { byId } from '../path-parts.ts'
import type { TypedApp } from '../route.ts'
import { whose } from '../whose.ts'

const tags = ['sessions']

export function sessionRoutes(
  app: TypedApp,
  { sessions, gate, registry }: Pick<Core, 'sessions' | 'gate' | 'registry'>,
): void {
  app.post(
    '/api/sessions',
    {
      schema: {
        operationId: 'openSession',
        tags,
        summary: 'Open a session with limits and guardrails of its own',
        body: wire.sessionInput,
        response: { 201: wire.sessionOpened },
      },
    },
    async (request, reply) => {
      const { identity, actor } = callerOf(request, use)
      const { name, model_name: model, policy_config: policy, guardrail_config: guardrails, preflight } = request.body
      const { allowlist: allow, blocklist: block, no_network: noNetwork, dry_run: dryRun, max_steps: maxSteps } = policy
      const limits = { allow, block, noNetwork, dryRun, maxSteps }
      const session = await sessions.open({ name, model, limits, guardrails, preflight }, identity, actor)
      const offers = registry.offers(identity, { is: 'all' }).list.tool
      const tools = offers.map(({ exposed, definition }) => ({
        name: exposed,
        description: typeof definition['description'] === 'string' ? definition['description'] : null,
      }))
      return reply.code(201).send({ ...wireSession(session), tools })
    },
  )
  app.get(
    '/api/sessions',
    {
      schema: {
        operationId: 'listSessions',
        tags,
        summary: 'Sessions, newest first; of members, their own',
        querystring: wire.paging,
        response: { 200: wire.listOf(wire.session) },
      },
    },
    async request => {
      const { identity } = callerOf(request, use)
      const { after, limit } = request.query
      if (after !== undefined && !isId(after))
        throw fault('REQUEST_INVALID', { why: '"after" must be the id of a session' })
      const found = await sessions.list(identity.tenant, whose(identity), after ?? null, limit + 1)
      const items = found.slice(0, limit)
      return { items: items.map(wireSession), next: found.length > limit ? (items.at(-1)?.id ?? null) : null }
    },
  )
  app.get(
    '/api/sessions/:id',
    {
      schema: {
        operationId: 'getSession',
        tags,
        summary: 'One session with its totals',
        params: byId,
        response: { 200: wire.session },
      },
    },
    async request => {
      const { identity } = callerOf(request, use)
      return wireSession(await sessions.get(identity.tenant, idOf(request.params), whose(identity)))
    },
  )
  app.get(
    '/api/sessions/:id/steps',
    {
      schema: {
        operationId: 'listSessionSteps',
        tags,
        summary: 'The steps of a session, as they are kept',
        params: byId,
        querystring: z.object({
          after: z.coerce.number().int().min(0).default(0),
          limit: z.coerce.number().int().min(1).max(1_000).default(100),
        }),
        response: { 200: z.object({ items: z.array(wire.sessionStep), next: z.int().nullable() }) },
      },
    },
    async request => {
      const { identity } = callerOf(request, use)
      const session = await sessions.get(identity.tenant, idOf(request.params), whose(identity))
      const { after, limit } = request.query
      const found = await sessions.steps(session, after, limit + 1)
      const items = found.slice(0, limit)
      return { items, next: found.length > limit ? items.at(-1)!.number : null }
    },
  )
  app.post(
    '/api/sessions/:id/steps',
    {
      schema: {
        operationId: 'runSessionStep',
        tags,
        summary: 'Run one step: look at a text, or call a tool',
        params: byId,
        body: wire.sessionStepInput,
        response: { 200: wire.sessionStep },
      },
    },
    async (request, reply) => {
      const { identity, actor } = callerOf(request, use)
      const { role, input_text: text, tool_name: tool, tool_args: args, tokens_in, tokens_out, timeout } = request.body
      const ends = timeout === undefined ? [] : [AbortSignal.timeout(parseDuration(timeout))]
      const wish = {
        role,
        text: text ?? null,
        tool: tool ?? null,
        args: args as JsonObject | undefined,
        tokensIn: tokens_in ?? null,
        tokensOut: tokens_out ?? null,
      }
      const io = { signal: AbortSignal.any([clientGone(reply), ...ends]), onProgress: null, client: null }
      const caller = { identity, actor, gate, io, patience: patienceOf(request) }
      return wireStep(await sessions.step(idOf(request.params), wish, caller))
    },
  )
  app.delete(
    '/api/sessions/:id',
    {
      schema: {
        operationId: 'closeSession',
        tags,
        summary: 'Close a session; what is closed stays as it is',
        params: byId,
        response: { 200: wire.session },
      },
    },
    async request => {
      const { identity, actor } = callerOf(request, use)
      return wireSession(await sessions.close(idOf(request.params), identity, actor))
    },
  )
}

function idOf({ id }: { readonly id: string }): string {
  if (!isId(id)) throw notFound('session', id)
  return id
}
