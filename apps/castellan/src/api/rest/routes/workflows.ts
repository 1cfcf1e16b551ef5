import * as wire from '@castellan/contracts'
import type { Core } from '../../core.ts'
import { survey, write } from '../allowed.ts'
import { callerOf } from '../caller.ts'
import { listRoute } from '../list-route.ts'
import { byId } from '../path-parts.ts'
import { removeRoute } from '../remove-route.ts'
import type { TypedApp } from '../route.ts'
import { wireWorkflow, workflowSource } from '../wire/workflow.ts'

const tags = ['workflows']

export function workflowRoutes(app: TypedApp, { workflows, registry }: Pick<Core, 'workflows' | 'registry'>): void {
  listRoute(app, '/api/workflows', {
    operationId: 'listWorkflows',
    tags,
    summary: 'Workflows, as they were written',
    access: survey,
    item: wire.workflow,
    all: ({ identity }) => workflows.list(identity.tenant),
    idOf: each => each.name,
    show: wireWorkflow,
  })
  app.post(
    '/api/workflows',
    {
      schema: {
        operationId: 'createWorkflow',
        tags,
        summary: 'Keep a workflow, by the name in its document',
        body: wire.workflowInput,
        response: { 201: wire.workflow },
      },
    },
    async (request, reply) => {
      const { actor } = callerOf(request, write)
      return reply.code(201).send(wireWorkflow(await workflows.create(workflowSource(request.body), actor)))
    },
  )
  app.get(
    '/api/workflows/:id',
    {
      schema: {
        operationId: 'getWorkflow',
        tags,
        summary: 'One workflow, by id or name',
        params: byId,
        response: { 200: wire.workflow },
      },
    },
    async request => wireWorkflow(await workflows.get(callerOf(request, survey).identity.tenant, request.params.id)),
  )
  app.put(
    '/api/workflows/:id',
    {
      schema: {
        operationId: 'putWorkflow',
        tags,
        summary: 'Make or change the workflow of a name; runs that have begun finish as they began',
        params: byId,
        body: wire.workflowInput,
        response: { 200: wire.workflow },
      },
    },
    async request => {
      const { actor } = callerOf(request, write)
      return wireWorkflow(await workflows.put(request.params.id, workflowSource(request.body), actor))
    },
  )
  removeRoute(app, '/api/workflows/:id', {
    operationId: 'removeWorkflow',
    tags,
    summary: 'Remove a workflow; its runs go on',
    remove: (idOrName, actor) => workflows.remove(idOrName, actor),
  })
  app.post(
    '/api/workflows/validate',
    {
      schema: {
        operationId: 'validateWorkflow',
        tags,
        summary: 'Say what is wrong with a workflow, and where; nothing is kept',
        body: wire.workflowInput,
        response: { 200: wire.workflowCheck },
      },
    },
    async request => {
      const { identity } = callerOf(request, survey)
      const tools = new Set(registry.offers(identity, { is: 'all' }).list.tool.map(({ exposed }) => exposed))
      const { problems, warnings } = await workflows.check(workflowSource(request.body), tools)
      return { valid: problems.length === 0, problems: [...problems], warnings: [...warnings] }
    },
  )
}
