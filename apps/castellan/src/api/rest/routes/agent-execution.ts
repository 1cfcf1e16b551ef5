import type { FastifyReply } from 'fastify'
import { z } from 'zod'
import * as wire from '@castellan/contracts'
import { hasEnded, type Run, type Told } from '../../../runs/index.ts'
import type { Standing } from '../../../gate/index.ts'
import type { Core } from '../../core.ts'
import { beginAgent } from '../../begin-agent.ts'
import { use } from '../allowed.ts'
import { callerOf } from '../caller.ts'
import { clientGone } from '../client-gone.ts'
import { sendProblem } from '../error-handler.ts'
import { byId } from '../path-parts.ts'
import { problem, standingOf } from '../problem.ts'
import type { TypedApp } from '../route.ts'
import { wireExecution, wireRun } from '../wire/agent.ts'

const tags = ['agents']

type Parts = Pick<Core, 'agents' | 'runs' | 'registry'>

export function agentExecutionRoutes(app: TypedApp, parts: Parts): void {
  for (const [path, operationId] of [
    ['/api/agent-execution/execute', 'executeAgent'],
    ['/agent/execute', 'executeAgentShort'],
  ] as const) {
    app.post(
      path,
      {
        schema: {
          operationId,
          tags,
          summary: 'Have an agent do something, and wait for its answer',
          description: 'The run goes on when the client leaves; its id is in `X-Run-ID`.',
          body: wire.executeAgent,
          response: { 200: wire.agentExecution, 202: wire.agentExecution, 500: wire.agentExecution },
        },
      },
      async (request, reply) => {
        const { agent_id: agent, ...said } = request.body
        return answer(parts, await beginAgent(parts, agent, said, callerOf(request, use)), reply)
      },
    )
  }
  app.get(
    '/api/agent-execution/health',
    {
      schema: {
        operationId: 'agentExecutionHealth',
        tags,
        summary: 'What agents can do here',
        response: { 200: z.object({ status: z.literal('ok'), features: z.array(z.string()) }) },
      },
    },
    async request => {
      callerOf(request, use)
      return { status: 'ok' as const, features: [...features] }
    },
  )
  app.post(
    '/api/agents/:id/runs',
    {
      schema: {
        operationId: 'startAgent',
        tags,
        summary: 'Have an agent do something, and do not wait',
        params: byId,
        body: wire.startAgent,
        response: { 202: wire.run },
      },
    },
    async (request, reply) => {
      const run = await beginAgent(parts, request.params.id, request.body, callerOf(request, use))
      return reply.code(202).header('location', `/api/runs/${run.id}`).send(wireRun(run))
    },
  )
}

const features = [
  'durable_runs',
  'parallel_tool_calls',
  'structured_output',
  'model_fallback',
  'approvals',
  'cancel',
  'pause',
  'indeterminate_calls',
]

async function answer({ runs }: Parts, begun: Run, reply: FastifyReply) {
  reply.header('x-run-id', begun.id)
  const patience = AbortSignal.any([clientGone(reply), AbortSignal.timeout(LONGEST_WAIT)])
  const run = await runs.ended(begun, patience)
  const lines = await runs.lines(run)
  const standing = run.state === 'failed' ? spentBudget(lines) : null
  if (standing) {
    const more = { run_id: run.id, ...standingOf(standing) }
    return sendProblem(reply, problem(402, 'denied_budget', run.error ?? 'The budget is spent.', more))
  }
  const status = run.state === 'failed' ? 500 : hasEnded(run) ? 200 : 202
  return reply.code(status).send(wireExecution(run, lines))
}

/** How the budget stands that had no room for the last step of a model; null when it did not end for that. */
function spentBudget(lines: readonly Told[]): Standing | null {
  const last = lines.findLast(({ type }) => type === 'model.ended')
  return last?.data['outcome'] === 'denied_budget' ? (last.data['standing'] as unknown as Standing) : null
}

/** Milliseconds: longer than an agent may take, with its last words. A run that waits for people is answered as it stands. */
const LONGEST_WAIT = 620_000
