import type { Actor } from '../../identity/index.ts'
import type { Journal } from '../../journal/index.ts'
import { newId, notFound } from '../../kernel/index.ts'
import { matchesPattern } from '../../registry/index.ts'
import type { BudgetLedger } from './budget-ledger.ts'
import { byPrecision } from './precision.ts'
import type { ModelPrice, Price, ToolPrice } from './price.ts'

export type PriceSpec = (ToolPrice | ModelPrice) & { readonly name: string }

/** What things cost, kept in memory; every change goes through store and journal first. */
export class Prices {
  readonly #ledger: BudgetLedger
  readonly #journal: Journal
  #prices: readonly Price[] = []
  #found = new Map<string, ToolPrice | null>()

  constructor(ledger: BudgetLedger, journal: Journal) {
    this.#ledger = ledger
    this.#journal = journal
  }

  async load(): Promise<void> {
    this.#keep(await this.#ledger.prices())
  }

  list(tenant: string): readonly Price[] {
    return this.#prices.filter(each => each.tenant === tenant)
  }

  /** The price of a tool by `server/name`: of those that match, the one that says most precisely which. */
  ofTool(tenant: string, tool: string): ToolPrice | null {
    const key = `${tenant} ${tool}`
    let price = this.#found.get(key)
    if (price === undefined) {
      const fitting = this.#prices.filter(
        (each): each is Price & ToolPrice =>
          each.tenant === tenant && each.is === 'tool' && matchesPattern(each.tools, tool),
      )
      price = fitting.toSorted(byPrecision(each => each.tools))[0] ?? null
      if (this.#found.size >= MAX_CACHED) this.#found.clear()
      this.#found.set(key, price)
    }
    return price
  }

  /** What the operator of a tenant says that models cost. */
  ofModels(tenant: string): readonly ModelPrice[] {
    return this.#prices.filter((each): each is Price & ModelPrice => each.tenant === tenant && each.is === 'model')
  }

  /** Makes the price of this name, or changes it as a whole. */
  async put(spec: PriceSpec, { tenant, principal, correlationId }: Actor): Promise<Price> {
    const before = this.list(tenant).find(each => each.name === spec.name)
    const price: Price = { ...spec, id: before?.id ?? newId(), tenant, version: (before?.version ?? 0) + 1 }
    const entry = this.#journal.seal({
      tenant,
      stream: `price:${price.id}`,
      seq: price.version - 1,
      type: before ? 'budget.price_updated' : 'budget.price_created',
      principal,
      correlationId,
      data: { name: price.name, of: price.is === 'tool' ? price.tools : price.model },
    })
    await this.#ledger.savePrice(price, [entry])
    this.#keep([...this.#prices.filter(each => each.id !== price.id), price])
    return price
  }

  /** Throws `NOT_FOUND`. */
  async remove(idOrName: string, { tenant, principal, correlationId }: Actor): Promise<void> {
    const price = this.list(tenant).find(each => each.id === idOrName || each.name === idOrName)
    if (!price) throw notFound('price', idOrName)
    const entry = this.#journal.seal({
      tenant,
      stream: `price:${price.id}`,
      seq: price.version,
      type: 'budget.price_removed',
      principal,
      correlationId,
      data: { name: price.name },
    })
    await this.#ledger.removePrice(tenant, price.id, [entry])
    this.#keep(this.#prices.filter(each => each.id !== price.id))
  }

  #keep(prices: readonly Price[]): void {
    this.#prices = prices
    this.#found.clear()
  }
}

const MAX_CACHED = 10_000
