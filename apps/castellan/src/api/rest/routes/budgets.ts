import { z } from 'zod'
import * as wire from '@castellan/contracts'
import type { BudgetScope } from '../../../gate/index.ts'
import { fault } from '../../../kernel/index.ts'
import type { Core } from '../../core.ts'
import { look, write } from '../allowed.ts'
import { callerOf } from '../caller.ts'
import { listRoute } from '../list-route.ts'
import { pageOf } from '../page.ts'
import { byName } from '../path-parts.ts'
import { removeRoute } from '../remove-route.ts'
import type { TypedApp } from '../route.ts'
import { budgetSpec, scopeOf, wireAccount, wireBudget } from '../wire/budgets.ts'

const tags = ['budgets']

export function budgetRoutes(app: TypedApp, { budgets, directory, agents }: Core): void {
  listRoute(app, '/api/budgets', {
    operationId: 'listBudgets',
    tags,
    summary: 'What may be spent, by whom',
    access: look,
    item: wire.budget,
    all: ({ identity }) => budgets.list(identity.tenant),
    idOf: each => each.name,
    show: wireBudget,
  })
  app.get(
    '/api/budgets/:name',
    {
      schema: {
        operationId: 'getBudget',
        tags,
        summary: 'One budget, by name or id',
        params: byName,
        response: { 200: wire.budget },
      },
    },
    async request => wireBudget(budgets.get(callerOf(request, look).identity.tenant, request.params.name)),
  )
  app.put(
    '/api/budgets/:name',
    {
      schema: {
        operationId: 'putBudget',
        tags,
        summary: 'Make or change a budget; what it counts stays',
        params: z.object({ name: wire.line(64) }),
        body: wire.budgetInput,
        response: { 200: wire.budget },
      },
    },
    async request => {
      const { actor } = callerOf(request, write)
      const scope = scopeOf(request.body.to)
      await assertThere({ directory, agents }, actor.tenant, scope)
      return wireBudget(await budgets.put(budgetSpec(request.params.name, request.body, scope), actor))
    },
  )
  removeRoute(app, '/api/budgets/:name', {
    operationId: 'removeBudget',
    tags,
    summary: 'Remove a budget, and what was counted for it',
    remove: (name, actor) => budgets.remove(name, actor, { fromAbove: false }),
  })
  app.get(
    '/api/budgets/:name/usage',
    {
      schema: {
        operationId: 'getBudgetUsage',
        tags,
        summary: 'What is spent and reserved of a budget in its window',
        params: byName,
        querystring: wire.paging,
        response: { 200: wire.budgetUsage },
      },
    },
    async request => {
      const budget = budgets.get(callerOf(request, look).identity.tenant, request.params.name)
      const { period, resetsAt, accounts } = budgets.usage(budget)
      const page = pageOf(
        accounts,
        request.query,
        each => each.subject,
        each => wireAccount(budget.unit, each),
      )
      return { budget: wireBudget(budget), period, resets_at: resetsAt, ...page }
    },
  )
}

/** Throws `NOT_FOUND` for somebody who is not in the tenant, `REQUEST_INVALID` for an agent who is none. */
async function assertThere(
  { directory, agents }: Pick<Core, 'directory' | 'agents'>,
  tenant: string,
  scope: BudgetScope,
): Promise<void> {
  if (scope.is === 'tenant' || scope.is === 'run' || scope.id === null) return
  if (scope.is === 'agent' && (await agents.list(tenant)).some(({ id }) => id === scope.id)) return
  const { kind, name } = await directory.principals.get(tenant, scope.id)
  if (scope.is === 'agent' && kind !== 'agent') {
    throw fault('REQUEST_INVALID', { why: `"${name}" is no agent but a ${kind}; name it as {"principal": …}` })
  }
}
