import type { Actor } from '../../identity/index.ts'
import type { Journal } from '../../journal/index.ts'
import { canonicalize, type Clock, fault, newId, notFound } from '../../kernel/index.ts'
import type { Call } from '../call.ts'
import type { LateWrites } from '../late-writes.ts'
import { Accounts } from './accounts.ts'
import { limitOf } from '../execute/execute.ts'
import { applying, type Counting, isCounted } from './applying.ts'
import type { Budget, BudgetScope } from './budget.ts'
import type { AccountRecord, BudgetLedger } from './budget-ledger.ts'
import { HeldCall } from './held-call.ts'
import { amountsOf, HeldModel, type ModelWish } from './held-model.ts'
import type { Hold } from './hold.ts'
import { modelPriceTable } from './model-price-table.ts'
import { priceOfModel } from './model-prices.ts'
import { endOf } from './period.ts'
import { estimateOf } from './price.ts'
import { Prices } from './prices.ts'
import { type Refused, reserve } from './reserve.ts'
import { type Spender, spenderOf } from './spender.ts'

export type BudgetSpec = Omit<Budget, 'id' | 'tenant' | 'version'>

export interface BudgetParts {
  readonly ledger: BudgetLedger
  readonly journal: Journal
  readonly late: LateWrites
  readonly clock: Clock
}

export type Reservation =
  /** With what asks for approval, when a soft limit does. */
  { readonly is: 'held'; readonly hold: Hold; readonly asking: readonly string[] } | Refused

/** How a budget is used in its current period. */
export interface Usage {
  readonly period: string
  readonly resetsAt: string | null
  readonly accounts: readonly AccountRecord[]
}

/**
 * The budgets in force and what is spent of them, kept in memory, where calls reserve without waiting for anybody. Changes of
 * budgets go through store and journal first; what calls reserve and spend is written with their intents and ends.
 */
export class Budgets {
  readonly prices: Prices
  readonly #parts: BudgetParts
  readonly #accounts: Accounts
  readonly #byTenant = new Map<string, readonly Budget[]>()

  constructor(parts: BudgetParts) {
    this.#parts = parts
    this.prices = new Prices(parts.ledger, parts.journal)
    this.#accounts = new Accounts(parts.ledger, parts.clock)
  }

  /** Reads everything back, once no call of an earlier life is open any more. */
  async load(): Promise<void> {
    await this.prices.load()
    const budgets = await this.#parts.ledger.budgets()
    for (const [tenant, own] of Map.groupBy(budgets, each => each.tenant)) this.#byTenant.set(tenant, own)
    for (const budget of budgets) await this.#accounts.load(budget)
  }

  /** Reads back which budgets and prices other processes on the store changed; what is spent of those known here is known already. */
  async reload(): Promise<void> {
    await this.prices.load()
    const budgets = await this.#parts.ledger.budgets()
    const known = new Set([...this.#byTenant.values()].flat().map(({ id }) => id))
    for (const budget of budgets) if (!known.has(budget.id)) await this.#accounts.load(budget)
    this.#byTenant.clear()
    for (const [tenant, own] of Map.groupBy(budgets, each => each.tenant)) this.#byTenant.set(tenant, own)
  }

  list(tenant: string): readonly Budget[] {
    return this.#byTenant.get(tenant) ?? []
  }

  /** Throws `NOT_FOUND`. */
  get(tenant: string, idOrName: string): Budget {
    const budget = this.list(tenant).find(each => each.id === idOrName || each.name === idOrName)
    if (!budget) throw notFound('budget', idOrName)
    return budget
  }

  /**
   * Takes from every budget that counts the call what it may cost at most, or from none. Null when no budget counts it:
   * then nothing is done.
   */
  reserve(call: Call): Reservation | null {
    const counting = isCounted(call) ? this.#counting(call.identity.tenant, spenderOf(call)) : []
    if (counting.length === 0) return null
    const tool = `${call.server.name}/${call.capability.name}`
    const estimate = estimateOf(this.prices.ofTool(call.identity.tenant, tool), call.args, limitOf(call))
    const cause = { id: call.id, correlationId: call.context.correlationId }
    const reserved = reserve(cause, estimate.amounts, counting, { ...this.#parts, accounts: this.#accounts })
    if (reserved.is === 'refused') return reserved
    return { is: 'held', hold: new HeldCall(reserved.holding, estimate), asking: reserved.asking }
  }

  /**
   * The same for a step of a model, which may use so many tokens at most. A soft limit that wants approval only warns: nobody can be
   * asked about what a model is told.
   */
  reserveModel({ tenant, by, cause, model, atMost }: ModelWish): HeldModel | Refused | null {
    const counting = this.#counting(tenant, by)
    if (counting.length === 0) return null
    const [provider = '', ...name] = model.split('/')
    const price = priceOfModel(provider, name.join('/'), this.prices.ofModels(tenant), modelPriceTable.prices)
    const reserved = reserve(cause, amountsOf(price, atMost), counting, { ...this.#parts, accounts: this.#accounts })
    return reserved.is === 'refused' ? reserved : new HeldModel(reserved.holding, price)
  }

  #counting(tenant: string, by: Spender): readonly Counting[] {
    const budgets = this.#byTenant.get(tenant)
    return budgets === undefined ? [] : applying(budgets, by)
  }

  usage(budget: Budget): Usage {
    const period = this.#accounts.period(budget.window)
    const accounts = this.#accounts.all(budget).map(({ key, spent, reserved, elsewhere, unpriced }) => ({
      ...key,
      spent,
      reserved: reserved + elsewhere,
      unpriced,
    }))
    return { period: period.key, resetsAt: endOf(period), accounts }
  }

  /**
   * Makes the budget of this name, or changes it as a whole. What it counts and when it begins anew stays: its sums would mean
   * nothing otherwise. Throws `BUDGET_IMMUTABLE`, and `FORBIDDEN` for the one that is set from above.
   */
  async put(spec: BudgetSpec, actor: Actor): Promise<Budget> {
    // Nobody in the tenant can take the place of what is set from above, or change what is there.
    if (spec.name === TENANT_BUDGET && !spec.imposed) throw fromAbove()
    const before = this.list(actor.tenant).find(each => each.name === spec.name)
    if (before) assertSame(before, spec)
    const version = (before?.version ?? 0) + 1
    const budget: Budget = { ...spec, id: before?.id ?? newId(), tenant: actor.tenant, version }
    const entry = this.#entry(budget, version - 1, before ? 'budget.updated' : 'budget.created', actor)
    await this.#parts.ledger.saveBudget(budget, [entry])
    this.#keep(actor.tenant, budget, [budget])
    return budget
  }

  /** Throws `NOT_FOUND`, and `FORBIDDEN` for one that was set from above unless it is removed from there. */
  async remove(idOrName: string, actor: Actor, how: { readonly fromAbove: boolean }): Promise<void> {
    const budget = this.get(actor.tenant, idOrName)
    if (budget.imposed && !how.fromAbove) throw fromAbove()
    const entry = this.#entry(budget, budget.version, 'budget.removed', actor)
    await this.#parts.ledger.removeBudget(actor.tenant, budget.id, [entry])
    this.#keep(actor.tenant, budget, [])
    this.#accounts.forget(budget)
  }

  #entry({ id, name, unit, limit, soft, grace, window }: Budget, seq: number, type: string, actor: Actor) {
    return this.#parts.journal.seal({
      tenant: actor.tenant,
      stream: `budget:${id}`,
      seq,
      type,
      principal: actor.principal,
      correlationId: actor.correlationId,
      data: { grace, limit, name, soft, unit, window },
    })
  }

  #keep(tenant: string, { id }: Budget, instead: readonly Budget[]): void {
    const left = [...this.list(tenant).filter(each => each.id !== id), ...instead]
    if (left.length > 0) this.#byTenant.set(tenant, left)
    else this.#byTenant.delete(tenant)
  }
}

/** Name of the budget that whoever administers the installation sets for a tenant. */
export const TENANT_BUDGET = 'tenant'

function assertSame(before: Budget, { scope, unit, window, name }: BudgetSpec): void {
  const sameScope = canonicalize(scope satisfies BudgetScope) === canonicalize(before.scope)
  const field = before.unit !== unit ? 'unit' : before.window !== window ? 'window' : sameScope ? null : 'to'
  if (field !== null) throw fault('BUDGET_IMMUTABLE', { name, field })
}

function fromAbove() {
  return fault('FORBIDDEN', { needs: 'whoever administers the installation, who set this budget' })
}
