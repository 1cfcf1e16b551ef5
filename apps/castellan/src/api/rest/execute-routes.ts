import type { FastifyReply, FastifyRequest, FastifySchema } from 'fastify'
import type { z } from 'zod'
import type { Standing } from '../../gate/index.ts'
import { hasEnded, type Run, type Runs, type Told } from '../../runs/index.ts'
import { use } from './allowed.ts'
import { callerOf, type RestCaller } from './caller.ts'
import { clientGone } from './client-gone.ts'
import { sendProblem } from './error-handler.ts'
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
  /** How the run stands; and, when it failed because a budget had no room, how that does. */
  readonly show: (run: Run, lines: readonly Told[]) => Shown<Wire> | Promise<Shown<Wire>>
}

interface Shown<Wire> {
  readonly execution: Wire
  readonly spent: Standing | null
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
      const { execution, spent } = await show(run, await runs.lines(run))
      if (run.state === 'failed' && spent) {
        const more = { run_id: run.id, ...standingOf(spent) }
        return sendProblem(reply, problem(402, 'denied_budget', run.error ?? 'The budget is spent.', more))
      }
      return reply.code(run.state === 'failed' ? 500 : hasEnded(run) ? 200 : 202).send(execution)
    })
  }
}

/** The answer to whoever does not wait. */
export function sendStarted(reply: FastifyReply, run: Run): FastifyReply {
  return reply.code(202).header('location', `/api/runs/${run.id}`).send(wireRun(run))
}

/** How the budget stands that had no room for the last step of a model; null when it did not end for that. */
export function spentBudget(lines: readonly Told[]): Standing | null {
  const last = lines.findLast(({ type }) => type === 'model.ended')
  return last?.data['outcome'] === 'denied_budget' ? (last.data['standing'] as unknown as Standing) : null
}
