import * as wire from '@castellan/contracts'
import { type Budget, type Budgets, TENANT_BUDGET } from '../../../gate/index.ts'
import { requireInstallationAdmin } from '../../../identity/index.ts'
import { notFound } from '../../../kernel/index.ts'
import type { Core } from '../../core.ts'
import { administer } from '../allowed.ts'
import { callerOf } from '../caller.ts'
import { byId } from '../path-parts.ts'
import type { TypedApp } from '../route.ts'
import { wireTenant } from '../wire/access.ts'
import { shownAmount, tenantBudgetSpec } from '../wire/budgets.ts'

const tags = ['tenants']

/** For those who administer the installation: what they set for a tenant, its own administrators cannot change. */
export function tenantBudgetRoutes(app: TypedApp, { directory, budgets }: Core): void {
  app.put(
    '/api/admin/tenants/:id',
    {
      schema: {
        operationId: 'administerTenant',
        tags,
        summary: 'Set what a tenant has: its budget, its description, whether it is suspended',
        params: byId,
        body: wire.tenantAdministration,
        response: { 200: wire.tenantAdministered },
      },
    },
    async request => {
      const { identity, actor } = callerOf(request, administer)
      requireInstallationAdmin(identity)
      const { id } = request.params
      const { budget, description, suspended } = request.body
      await directory.tenants.get(id)
      const inTenant = { ...actor, tenant: id }
      if (budget) await budgets.put(tenantBudgetSpec(TENANT_BUDGET, budget), inTenant)
      if (budget === null && imposedOn(budgets, id)) await budgets.remove(TENANT_BUDGET, inTenant, { fromAbove: true })
      if (description !== undefined) await directory.tenants.describe(id, description, actor)
      if (suspended !== undefined) {
        await (suspended ? directory.tenants.suspend(id, actor) : directory.tenants.resume(id, actor))
      }
      const set = imposedOn(budgets, id)
      return {
        ...wireTenant(await directory.tenants.get(id)),
        budget: set ? wireTenantBudget(set, budgets) : null,
      }
    },
  )
  app.get(
    '/api/admin/tenants/:id/budget',
    {
      schema: {
        operationId: 'getTenantBudget',
        tags,
        summary: 'How a tenant stands to the budget that was set for it',
        params: byId,
        response: { 200: wire.tenantBudget },
      },
    },
    async request => {
      requireInstallationAdmin(callerOf(request, administer).identity)
      const { id } = await directory.tenants.get(request.params.id)
      const set = imposedOn(budgets, id)
      if (!set) throw notFound('budget of the tenant', id)
      return wireTenantBudget(set, budgets)
    },
  )
}

function imposedOn(budgets: Budgets, tenant: string): Budget | undefined {
  return budgets.list(tenant).find(each => each.imposed)
}

function wireTenantBudget(budget: Budget, budgets: Budgets): wire.TenantBudget {
  const { tenant, unit, limit, grace, soft, window, overSoft } = budget
  const { accounts, resetsAt } = budgets.usage(budget)
  const { spent, reserved, unpriced } = accounts[0] ?? { spent: 0, reserved: 0, unpriced: 0 }
  const shown = (amount: number) => shownAmount(unit, amount)
  return {
    tenant_id: tenant,
    current_spend: shown(spent + reserved),
    max_budget: shown(limit),
    grace_threshold: shown(limit + grace),
    unit,
    soft: soft === null ? null : shown(soft),
    window,
    over_soft: overSoft,
    spent: shown(spent),
    reserved: shown(reserved),
    unpriced,
    resets_at: resetsAt,
  }
}
