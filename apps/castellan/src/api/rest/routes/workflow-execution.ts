import * as wire from '@castellan/contracts'
import type { JsonValue } from '../../../kernel/index.ts'
import { beginWorkflow } from '../../begin-workflow.ts'
import type { Core } from '../../core.ts'
import { startIn } from '../../start-in.ts'
import { executeRoutes, startRoute } from '../execute-routes.ts'
import type { TypedApp } from '../route.ts'
import { wireWorkflowExecution, workflowSource } from '../wire/workflow.ts'

const tags = ['workflows']

type Parts = Pick<Core, 'agents' | 'teams' | 'workflows' | 'runs' | 'registry' | 'clock'>

export function workflowExecutionRoutes(app: TypedApp, parts: Parts): void {
  executeRoutes(app, parts.runs, {
    paths: { '/api/workflows/execute': 'executeWorkflow', '/workflows/execute': 'executeWorkflowShort' },
    tags,
    summary: 'Run a workflow, kept or not, and wait for its end',
    body: wire.executeWorkflow,
    answer: wire.workflowExecution,
    async begin({ body: { workflow_id: id, input, timeout_seconds: _, ...written }, caller }) {
      const { workflow } =
        id === undefined
          ? await parts.workflows.read(workflowSource(written))
          : await parts.workflows.get(caller.identity.tenant, id)
      return beginWorkflow(parts, workflow, { input: input as JsonValue }, caller)
    },
    patience: ({ timeout_seconds: seconds }) => seconds * 1_000,
    show: (run, lines) => wireWorkflowExecution(run, lines, parts.runs.look(run, lines)),
  })
  startRoute(app, '/api/workflows/:id/runs', {
    operationId: 'startWorkflow',
    tags,
    summary: 'Run a workflow, and do not wait',
    body: wire.startWorkflow,
    async begin(id, { input, priority, ...later }, caller) {
      const { workflow } = await parts.workflows.get(caller.identity.tenant, id)
      const said = { input: input as JsonValue, priority, startIn: startIn(later, parts.clock.now()) }
      return beginWorkflow(parts, workflow, said, caller)
    },
  })
}
