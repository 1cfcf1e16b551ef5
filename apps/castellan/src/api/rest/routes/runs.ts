import { z } from 'zod'
import * as wire from '@castellan/contracts'
import { fault, isId, isJsonObject, type JsonObject, type JsonValue, notFound } from '../../../kernel/index.ts'
import type { Identity } from '../../../identity/index.ts'
import type { Run, Settlement } from '../../../runs/index.ts'
import type { Core } from '../../core.ts'
import { decide, see, use } from '../allowed.ts'
import { callerOf, correlationOf, type RestCaller } from '../caller.ts'
import { byId } from '../path-parts.ts'
import type { TypedApp } from '../route.ts'
import { wireLine, wireRun } from '../wire/agent.ts'
import { wireRunAsItStands } from '../wire/workflow.ts'

const tags = ['runs']

type Parts = Pick<Core, 'runs' | 'stepTokens' | 'publicUrl'>

export function runRoutes(app: TypedApp, core: Parts): void {
  const { runs } = core
  const runOf = ({ identity }: RestCaller, { id }: { readonly id: string }) => {
    if (!isId(id)) throw notFound('run', id)
    return runs.get(identity.tenant, id, whose(identity))
  }
  app.get(
    '/api/runs',
    {
      schema: {
        operationId: 'listRuns',
        tags,
        summary: 'Runs, newest first; of members, their own',
        querystring: wire.paging.extend({
          kind: wire.run.shape.kind.optional(),
          state: wire.run.shape.state.optional(),
          name: wire.line(200).optional(),
          parent: wire.id.optional(),
        }),
        response: { 200: wire.listOf(wire.run) },
      },
    },
    async request => {
      const { identity } = callerOf(request, see)
      const { after, limit, kind, state, name, parent } = request.query
      if (after !== undefined && !isId(after))
        throw fault('REQUEST_INVALID', { why: '"after" must be the id of a run' })
      const principal = whose(identity)
      const filter = {
        ...(kind === undefined ? {} : { kind }),
        ...(state === undefined ? {} : { state }),
        ...(name === undefined ? {} : { name }),
        ...(parent === undefined ? {} : { parent }),
        ...(principal === null ? {} : { principal }),
      }
      const found = await runs.list(identity.tenant, filter, after ?? null, limit + 1)
      const items = found.slice(0, limit)
      return { items: items.map(each => wireRun(each)), next: found.length > limit ? (items.at(-1)?.id ?? null) : null }
    },
  )
  app.get(
    '/api/runs/:id',
    {
      schema: {
        operationId: 'getRun',
        tags,
        summary: 'One run: how it stands and what it waits for, or what it ended with',
        params: byId,
        response: { 200: wire.run },
      },
    },
    async request => {
      const run = await runOf(callerOf(request, see), request.params)
      const lines = await runs.lines(run)
      return wireRunAsItStands(run, lines, runs.look(run, lines), step => callbackOf(core, run, step))
    },
  )
  app.get(
    '/api/runs/:id/lines',
    {
      schema: {
        operationId: 'listRunLines',
        tags,
        summary: 'Everything a run did, line by line',
        params: byId,
        querystring: z.object({
          after: z.coerce.number().int().min(-1).default(-1),
          limit: z.coerce.number().int().min(1).max(1_000).default(100),
        }),
        response: { 200: z.object({ items: z.array(wire.runLine), next: z.int().nullable() }) },
      },
    },
    async request => {
      const run = await runOf(callerOf(request, see), request.params)
      const { after, limit } = request.query
      const found = await runs.lines(run, after + 1)
      const items = found.slice(0, limit)
      return { items: items.map(wireLine), next: found.length > limit ? items.at(-1)!.seq : null }
    },
  )
  const command = (what: 'cancel' | 'pause' | 'resume', summary: string) =>
    app.post(
      `/api/runs/:id/${what}`,
      { schema: { operationId: `${what}Run`, tags, summary, params: byId, response: { 202: wire.run } } },
      async (request, reply) => {
        const caller = callerOf(request, use)
        const run = await runOf(caller, request.params)
        await runs[what](run, caller.actor)
        return reply.code(202).send(wireRun(await again(run)))
      },
    )
  const again = (run: Run) => runs.get(run.tenant, run.id)
  command('cancel', 'Stop a run: what is under way is broken off')
  command('pause', 'Begin nothing more until the run is resumed')
  command('resume', 'Go on with a run that was paused')
  app.post(
    '/api/runs/:id/fork',
    {
      schema: {
        operationId: 'forkRun',
        tags,
        summary: 'Begin a run as another did, up to a line of it; what that did is not done again',
        params: byId,
        body: wire.forkRun,
        response: { 202: wire.run },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request, use)
      const run = await runOf(caller, request.params)
      const { at, ...told } = request.body
      const forked = await runs.fork(run, at, toldInstead(run, told), caller.identity, caller.actor)
      return reply.code(202).header('location', `/api/runs/${forked.id}`).send(wireRun(forked))
    },
  )
  app.post(
    '/api/runs/:id/steps/:step/settle',
    {
      schema: {
        operationId: 'settleStep',
        tags,
        summary: 'Say what became of a call whose end nobody saw',
        params: byId.extend({ step: wire.line(200) }),
        body: wire.settleStep,
        response: { 202: wire.run },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request, use)
      const run = await runOf(caller, request.params)
      const { as, result } = request.body
      const settlement: Settlement =
        as === 'happened' ? { as, result: (result as JsonObject | undefined) ?? null } : { as }
      await runs.settle(run, request.params.step, settlement, caller.actor)
      return reply.code(202).send(wireRun(await again(run)))
    },
  )
  app.post(
    '/api/runs/:id/signals/:name',
    {
      schema: {
        operationId: 'signalRun',
        tags,
        summary: 'Tell a run something by a name, for the step that waits for it or the next that will',
        params: byId.extend({ name: wire.line(100) }),
        body: z.unknown(),
        response: { 202: wire.run },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request, use)
      const run = await runOf(caller, request.params)
      await runs.signal(run, request.params.name, (request.body ?? null) as JsonValue, caller.actor)
      return reply.code(202).send(wireRun(await again(run)))
    },
  )
  app.post(
    '/api/runs/:id/steps/:step/answer',
    {
      schema: {
        operationId: 'answerQuestion',
        tags,
        summary: 'Answer a question that a run asks; with which role, the question itself says',
        params: byId.extend({ step: wire.line(200) }),
        body: wire.answerQuestion,
        response: { 202: wire.run },
      },
    },
    async (request, reply) => {
      const { identity, actor } = callerOf(request, decide)
      const { id, step } = request.params
      if (!isId(id)) throw notFound('run', id)
      const run = await runs.get(identity.tenant, id)
      const { agrees, reason = null } = request.body
      await runs.answer(run, step, { agrees, reason }, identity, actor)
      return reply.code(202).send(wireRun(await again(run)))
    },
  )
}

/** Where calls of steps go. Whoever calls carries no key of ours: the token in the path lets it in, once. */
export function stepCallbackRoute(app: TypedApp, { runs, stepTokens }: Parts): void {
  app.post(
    '/api/runs/callbacks/:token',
    {
      schema: {
        operationId: 'callStep',
        tags,
        summary: 'Tell a step of a run what it waits for, at the address it gave out',
        security: [],
        params: z.object({ token: wire.line(2_000) }),
        body: z.unknown(),
        response: { 202: z.object({ run: wire.id, step: z.string() }) },
      },
    },
    async (request, reply) => {
      const correlationId = correlationOf(request)
      reply.header('x-correlation-id', correlationId)
      const step = stepTokens.read(request.params.token)
      if (step === null) throw notFound('step that waits to be called')
      const run = await runs.get(step.tenant, step.run)
      await runs.called(run, step.step, (request.body ?? null) as JsonValue, correlationId)
      return reply.code(202).send({ run: run.id, step: step.step })
    },
  )
}

function callbackOf({ stepTokens, publicUrl }: Parts, { tenant, id }: Run, step: string): string {
  return `${publicUrl.replace(/\/$/, '')}/api/runs/callbacks/${stepTokens.write({ tenant, run: id, step })}`
}

/** Whose runs somebody may see and steer: null for those of everybody. */
function whose({ roles, principal }: Identity): string | null {
  return roles.some(role => role === 'admin') ? null : principal.id
}

/** What a run is told in place of what the one it begins as was told. */
function toldInstead(
  { kind }: Pick<Run, 'kind'>,
  { user_message: message, context, input }: Omit<wire.ForkRun, 'at'>,
): (before: JsonValue) => JsonValue {
  const hasInput = kind === 'workflow'
  if (!hasInput && input !== undefined)
    throw fault('REQUEST_INVALID', {
      why: `"input" is for workflows; the ${kind} is told "user_message" and "context"`,
    })
  if (hasInput && (message !== undefined || context !== undefined))
    throw fault('REQUEST_INVALID', {
      why: '"user_message" and "context" are for agents and teams; a workflow is told "input"',
    })
  if (hasInput) return before => (input === undefined ? before : (input as JsonValue))
  const changes = {
    ...(message === undefined ? {} : { message }),
    ...(context === undefined ? {} : { context: context as JsonObject }),
  }
  return before => (isJsonObject(before) ? { ...before, ...changes } : before)
}
