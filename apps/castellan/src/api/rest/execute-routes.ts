import type { FastifyReply, FastifyRequest, FastifySchema } from 'fastify'
import type { z } from 'zod'
import * as wire from '@castellan/contracts'
import type { Standing } from '../../gate/index.ts'
import { hasEnded, type Run, type Runs, type Told, word } from '../../runs/index.ts'
import { use } from './allowed.ts'
import { callerOf, type RestCaller } from './caller.ts'
import { clientGone } from './client-gone.ts'
import { sendProblem } from './error-handler.ts'
import { byId } from './path-parts.ts'
import { problem, standingOf } from './problem.ts'
import type { TypedApp } from './route.ts'
import { wireRun } from './wire/agent.ts'

interface Executed<Body extends z.ZodType, Params extends z.ZodObject, Wire> {
  /** Each path with its operation: the same may be had by several. */
  readonly paths: Readonly<Record<string, string>>
  readonly tags: readonly string[]
  readonly summary: string
  readonly params?: Params
  readonly body: Body
  readonly answer: z.ZodType<Wire>
  readonly begin: (asked: {
    readonly params: z.output<Params>
    readonly body: z.output<Body>
    readonly caller: RestCaller
  }) => Promise<Run>
  /** Milliseconds it is waited for. */
  readonly patience: (body: z.output<Body>) => number
  /** How the run stands. */
  readonly show: (run: Run, lines: readonly Told[]) => Wire | Promise<Wire>
}

/**
 * Routes that have something executed, and answer once its run has ended: 200, 402 when a budget had no room, 500 when it failed, and
 * 202 when it goes on for longer than anybody waits.
 */
export function executeRoutes<Body extends z.ZodType, Params extends z.ZodObject, Wire>(
  app: TypedApp,
  runs: Pick<Runs, 'ended' | 'lines'>,
  { paths, tags, summary, params, body, answer, begin, patience, show }: Executed<Body, Params, Wire>,
): void {
  for (const [path, operationId] of Object.entries(paths)) {
    // Its type is not followed into the route, which could not know what any body is.
    const schema: FastifySchema & Record<string, unknown> = {
      operationId,
      tags,
      summary,
      description: 'The run goes on when the client leaves; its id is in `X-Run-ID`.',
      ...(params === undefined ? {} : { params }),
      body,
      response: { 200: answer, 202: answer, 500: answer },
    }
    app.post(path, { schema }, async (request: FastifyRequest, reply: FastifyReply) => {
      const asked = { params: request.params as z.output<Params>, body: request.body as z.output<Body> }
      const begun = await begin({ ...asked, caller: callerOf(request, use) })
      reply.header('x-run-id', begun.id)
      const run = await runs.ended(
        begun,
        AbortSignal.any([clientGone(reply), AbortSignal.timeout(patience(asked.body))]),
      )
      const lines = await runs.lines(run)
      const spent = run.state === 'failed' ? await spentBudget(runs, run.tenant, lines) : null
      if (spent) {
        const more = { run_id: run.id, ...standingOf(spent) }
        return sendProblem(reply, problem(402, 'denied_budget', run.error ?? 'The budget is spent.', more))
      }
      return reply.code(run.state === 'failed' ? 500 : hasEnded(run) ? 200 : 202).send(await show(run, lines))
    })
  }
}

interface Started<Body extends z.ZodType> {
  readonly operationId: string
  readonly tags: readonly string[]
  readonly summary: string
  readonly body: Body
  readonly begin: (idOrName: string, body: z.output<Body>, caller: RestCaller) => Promise<Run>
}

/** A route that has the thing its path names begin a run, and waits for nothing. */
export function startRoute<Body extends z.ZodType>(
  app: TypedApp,
  path: `/api/${string}/:id/runs`,
  { operationId, tags, summary, body, begin }: Started<Body>,
): void {
  const schema = { operationId, tags, summary, params: byId, body, response: { 202: wire.run } }
  app.post(path, { schema }, async (request, reply) => {
    const { id } = request.params
    return sendStarted(reply, await begin(id, request.body as z.output<Body>, callerOf(request, use)))
  })
}

/** The answer to whoever does not wait. */
export function sendStarted(reply: FastifyReply, run: Run): FastifyReply {
  return reply.code(202).header('location', `/api/runs/${run.id}`).send(wireRun(run))
}

/**
 * How the budget stands for want of which a run failed: the one that had no room for a step that its end tells of, or for one of a run
 * inside of it. Null when it failed for something else.
 */
async function spentBudget(
  runs: Pick<Runs, 'lines'>,
  tenant: string,
  lines: readonly Told[],
): Promise<Standing | null> {
  const steps = lines.find(({ type }) => type === 'run.failed')?.data['steps']
  if (!Array.isArray(steps)) return null
  for (const { type, data } of lines) {
    if (!type.endsWith('.ended') || !steps.includes(data['step'])) continue
    if (data['outcome'] === 'denied_budget') return data['standing'] as unknown as Standing
    if (type !== 'child.ended') continue
    const spent = await spentBudget(runs, tenant, await runs.lines({ tenant, id: word(data['run']) }))
    if (spent) return spent
  }
  return null
}
