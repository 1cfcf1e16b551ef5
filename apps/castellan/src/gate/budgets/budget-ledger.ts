import type { Entry } from '../../journal/index.ts'
import type { Budget } from './budget.ts'
import type { AccountKey } from './charges.ts'
import type { Price } from './price.ts'

/** What an account holds. Open calls have reserved; calls that ended have spent. */
export interface AccountRecord extends AccountKey {
  readonly spent: number
  readonly reserved: number
  /** Calls that were counted without a price. */
  readonly unpriced: number
}

/**
 * The port behind budgets, prices and what is spent. Saving also appends the given entries, in one transaction, and throws
 * `NAME_TAKEN`, `VERSION_CONFLICT` (unless the stored version is one less, or the thing is new and the version 1) or
 * `STORE_UNAVAILABLE`. What calls reserve and spend is written with the calls themselves, see `CallStore`.
 */
export interface BudgetLedger {
  budgets(): Promise<Budget[]>
  saveBudget(budget: Budget, entries: readonly Entry[]): Promise<void>
  /** Its accounts go with it. */
  removeBudget(tenant: string, id: string, entries: readonly Entry[]): Promise<void>

  prices(): Promise<Price[]>
  savePrice(price: Price, entries: readonly Entry[]): Promise<void>
  removePrice(tenant: string, id: string, entries: readonly Entry[]): Promise<void>

  account(key: AccountKey): Promise<AccountRecord | undefined>
  /** The accounts of a budget in one period, by subject, after the given one, at most `limit`. */
  accounts(
    budget: Pick<Budget, 'tenant' | 'id'>,
    period: string,
    after: string | null,
    limit: number,
  ): Promise<AccountRecord[]>
}
