import type { JsonObject } from '../../kernel/index.ts'

/** What a call costs in each unit. */
export interface Amounts {
  readonly calls: number
  /** Millionths of the currency. */
  readonly money: number
  /** Milliseconds of execution. */
  readonly time: number
  readonly tokens: number
  /** 1 when nobody said what the call costs, so that money and tokens are less than the truth; otherwise 0. */
  readonly unpriced: number
}

/** Where a budget adds up what one subject spends in one period. */
export interface AccountKey {
  readonly tenant: string
  /** Id of the budget. */
  readonly budget: string
  /** Id of the principal or run; empty for the tenant as a whole. */
  readonly subject: string
  /** `total`, or the hour, day or month as RFC 3339 begins it. */
  readonly period: string
}

/** What one call does to one account. */
export interface Charge {
  readonly account: AccountKey
  /** What was reserved for it when it was let in. */
  readonly held: number
  /** What it cost in the end; 0 as long as that is open. */
  readonly spent: number
  readonly unpriced: number
  /** The bounds it was let in under: before it less than `limit` was taken, with it at most `ceiling`. */
  readonly limit: number
  readonly ceiling: number
}

/** All that one call does to budgets. */
export interface Charges {
  readonly amounts: Amounts
  readonly accounts: readonly Charge[]
}

/** Charges as the journal has them, keys in order: what is held with the intent, what was spent with the end. */
export function chargesData({ amounts, accounts }: Charges, side: 'held' | 'spent'): JsonObject {
  const { calls, money, time, tokens, unpriced } = amounts
  return {
    accounts: accounts.map(each => ({
      amount: each[side],
      budget: each.account.budget,
      period: each.account.period,
      subject: each.account.subject,
      unpriced: each.unpriced,
    })),
    calls,
    money,
    time,
    tokens,
    unpriced,
  }
}

/** The charges of an intent whose end was never learned, read back from its journal entry and settled in full. */
export function inFull(tenant: string, data: JsonObject): readonly Charge[] {
  const { accounts } = data as unknown as JournaledCharges
  return accounts.map(({ amount, budget, period, subject, unpriced }) => ({
    account: { tenant, budget, subject, period },
    held: amount,
    spent: amount,
    unpriced,
    limit: 0,
    ceiling: 0,
  }))
}

interface JournaledCharges {
  readonly accounts: readonly {
    readonly amount: number
    readonly budget: string
    readonly period: string
    readonly subject: string
    readonly unpriced: number
  }[]
}
