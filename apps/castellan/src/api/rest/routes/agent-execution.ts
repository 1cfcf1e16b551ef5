import { z } from 'zod'
import * as wire from '@castellan/contracts'
import type { Core } from '../../core.ts'
import { beginAgent } from '../../begin-told.ts'
import { use } from '../allowed.ts'
import { callerOf } from '../caller.ts'
import { executeRoutes, startRoute } from '../execute-routes.ts'
import type { TypedApp } from '../route.ts'
import { wireExecution } from '../wire/agent.ts'

const tags = ['agents']

type Parts = Pick<Core, 'agents' | 'runs' | 'registry' | 'clock'>

export function agentExecutionRoutes(app: TypedApp, parts: Parts): void {
  executeRoutes(app, parts.runs, {
    paths: { '/api/agent-execution/execute': 'executeAgent', '/agent/execute': 'executeAgentShort' },
    tags,
    summary: 'Have an agent do something, and wait for its answer',
    body: wire.executeAgent,
    answer: wire.agentExecution,
    begin: ({ body: { agent_id: agent, ...said }, caller }) => beginAgent(parts, agent, said, caller),
    patience: () => LONGEST_WAIT,
    show: wireExecution,
  })
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
  startRoute(app, '/api/agents/:id/runs', {
    operationId: 'startAgent',
    tags,
    summary: 'Have an agent do something, and do not wait',
    body: wire.startAgent,
    begin: (id, said, caller) => beginAgent(parts, id, said, caller),
  })
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

/** Milliseconds: longer than an agent may take, with its last words. A run that waits for people is answered as it stands. */
const LONGEST_WAIT = 620_000
