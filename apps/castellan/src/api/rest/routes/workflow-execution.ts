import * as wire from '@castellan/contracts'
import type { JsonObject, JsonValue } from '../../../kernel/index.ts'
import { hasEnded, pin, type Run, type Workflow } from '../../../runs/index.ts'
import type { Core } from '../../core.ts'
import { use } from '../allowed.ts'
import { callerOf, type RestCaller } from '../caller.ts'
import { clientGone } from '../client-gone.ts'
import { byId } from '../path-parts.ts'
import type { TypedApp } from '../route.ts'
import { wireRun } from '../wire/agent.ts'
import { wireWorkflowExecution, workflowSource } from '../wire/workflow.ts'

const tags = ['workflows']

type Parts = Pick<Core, 'agents' | 'workflows' | 'runs' | 'registry'>

export function workflowExecutionRoutes(app: TypedApp, parts: Parts): void {
  for (const [path, operationId] of [
    ['/api/workflows/execute', 'executeWorkflow'],
    ['/workflows/execute', 'executeWorkflowShort'],
  ] as const) {
    app.post(
      path,
      {
        schema: {
          operationId,
          tags,
          summary: 'Run a workflow, kept or not, and wait for its end',
          description: 'The run goes on when the client leaves; its id is in `X-Run-ID`.',
          body: wire.executeWorkflow,
          response: { 200: wire.workflowExecution, 202: wire.workflowExecution, 500: wire.workflowExecution },
        },
      },
      async (request, reply) => {
        const caller = callerOf(request, use)
        const { workflow_id: id, input, timeout_seconds: patience, ...written } = request.body
        const { workflow } =
          id === undefined
            ? await parts.workflows.read(workflowSource(written))
            : await parts.workflows.get(caller.identity.tenant, id)
        const begun = await begin(parts, workflow, { input: input as JsonValue }, caller)
        reply.header('x-run-id', begun.id)
        const signal = AbortSignal.any([clientGone(reply), AbortSignal.timeout(patience * 1_000)])
        const run = await parts.runs.ended(begun, signal)
        const lines = await parts.runs.lines(run)
        const status = run.state === 'failed' ? 500 : hasEnded(run) ? 200 : 202
        return reply.code(status).send(wireWorkflowExecution(run, lines, parts.runs.look(run, lines)))
      },
    )
  }
  app.post(
    '/api/workflows/:id/runs',
    {
      schema: {
        operationId: 'startWorkflow',
        tags,
        summary: 'Run a workflow, and do not wait',
        params: byId,
        body: wire.startWorkflow,
        response: { 202: wire.run },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request, use)
      const { workflow } = await parts.workflows.get(caller.identity.tenant, request.params.id)
      const { input, priority } = request.body
      const run = await begin(parts, workflow, { input: input as JsonValue, priority }, caller)
      return reply.code(202).header('location', `/api/runs/${run.id}`).send(wireRun(run))
    },
  )
}

async function begin(
  { agents, workflows, runs, registry }: Parts,
  workflow: Workflow,
  said: { readonly input: JsonValue; readonly priority?: number },
  { identity, actor }: RestCaller,
): Promise<Run> {
  const { tenant } = identity
  const named = { agents: await agents.list(tenant), workflows: await workflows.list(tenant) }
  const definition = pin(workflow, named, registry.offers(identity, { is: 'all' })) as unknown as JsonObject
  return runs.start({ kind: 'workflow', name: workflow.name, definition, ...said }, identity, actor)
}
