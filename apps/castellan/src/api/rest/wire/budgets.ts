import type { z } from 'zod'
import type * as Wire from '@castellan/contracts'
import type { AccountRecord, Budget, BudgetScope, BudgetSpec, Unit } from '../../../gate/index.ts'

type BudgetInput = z.output<typeof Wire.budgetInput>
type TenantBudgetInput = z.output<typeof Wire.tenantBudgetInput>

/** An amount as it is counted: money in millionths. The contract lets no finer fractions in. */
export function countedAmount(unit: Unit, shown: number): number {
  return unit === 'money' ? Math.round(shown * MILLION) : shown
}

/** An amount as it is shown: money in units of the currency. */
export function shownAmount(unit: Unit, counted: number): number {
  return unit === 'money' ? counted / MILLION : counted
}

const MILLION = 1_000_000

export function budgetSpec(name: string, input: Omit<BudgetInput, 'to'>, scope: BudgetScope): BudgetSpec {
  const { unit, soft, limit, grace, window, over_soft: overSoft } = input
  const counted = (amount: number) => countedAmount(unit, amount)
  return {
    name,
    scope,
    unit,
    soft: soft === null ? null : counted(soft),
    limit: counted(limit),
    grace: counted(grace),
    window,
    overSoft,
    imposed: false,
  }
}

export function tenantBudgetSpec(name: string, { max_budget: limit, ...input }: TenantBudgetInput): BudgetSpec {
  return { ...budgetSpec(name, { ...input, limit }, { is: 'tenant' }), imposed: true }
}

export function wireBudget(budget: Budget): Wire.Budget {
  const { id, name, scope, unit, soft, limit, grace, window, overSoft, imposed, version } = budget
  const shown = (amount: number) => shownAmount(unit, amount)
  return {
    id,
    name,
    to: wireScope(scope),
    unit,
    soft: soft === null ? null : shown(soft),
    limit: shown(limit),
    grace: shown(grace),
    window,
    over_soft: overSoft,
    imposed,
    version,
  }
}

export function scopeOf(to: BudgetInput['to']): BudgetScope {
  if (to === 'tenant') return { is: 'tenant' }
  if ('each' in to) return { is: to.each, id: null }
  if ('principal' in to) return { is: 'principal', id: to.principal }
  return 'agent' in to ? { is: 'agent', id: to.agent } : { is: 'run', id: to.run }
}

function wireScope(scope: BudgetScope): Wire.Budget['to'] {
  if (scope.is === 'tenant') return 'tenant'
  const { id } = scope
  if (id === null) return { each: scope.is }
  switch (scope.is) {
    case 'principal':
      return { principal: id }
    case 'agent':
      return { agent: id }
    case 'run':
      return { run: id }
    default:
      throw scope satisfies never
  }
}

export function wireAccount(unit: Unit, { subject, spent, reserved, unpriced }: AccountRecord): Wire.BudgetAccount {
  return {
    subject: subject === '' ? null : subject,
    spent: shownAmount(unit, spent),
    reserved: shownAmount(unit, reserved),
    unpriced,
  }
}
