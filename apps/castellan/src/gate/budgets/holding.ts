import type { Account } from './account.ts'
import type { Accounts } from './accounts.ts'
import type { Budget } from './budget.ts'
import type { Amounts, Charge, Charges } from './charges.ts'
import type { Settled, Standing } from './hold.ts'
import { inOneStream, notice, type Notice } from './notices.ts'
import { endOf } from './period.ts'
import type { Cause } from './spender.ts'

/** What is taken from one account. */
export interface Taken {
  readonly budget: Budget
  readonly account: Account
  readonly held: number
  readonly unpriced: number
}

/** Takes from the accounts when it is made, and from then on knows what is to be given back. */
export class Holding {
  readonly reserved: Charges
  readonly #cause: Cause
  readonly #taken: readonly Taken[]
  readonly #accounts: Accounts
  #open = true

  constructor(cause: Cause, amounts: Amounts, taken: readonly Taken[], accounts: Accounts) {
    this.#cause = cause
    this.#taken = taken
    this.#accounts = accounts
    for (const { account, held } of taken) account.hold(held)
    this.reserved = { amounts, accounts: taken.map(each => chargeOf(each, 0, each.unpriced)) }
  }

  /** Gives everything back. */
  release(): void {
    if (!this.#open) return
    this.#open = false
    for (const { account, held } of this.#taken) account.giveBack(held)
  }

  /** Turns what was taken into what was spent. */
  settle(amounts: Amounts): Settled {
    if (!this.#open) throw new Error(`what was reserved for ${this.#cause.id} is settled twice`)
    this.#open = false
    const accounts: Charge[] = []
    const notices: Notice[] = []
    for (const each of this.#taken) {
      const { budget, account, held } = each
      const [spent, unpriced] = [amounts[budget.unit], unpricedIn(budget, amounts)]
      const before = account.spent
      account.spend(held, spent, unpriced)
      accounts.push(chargeOf(each, spent, unpriced))
      const reached = (mark: number) => before < mark && account.spent >= mark
      if (budget.soft !== null && reached(budget.soft)) {
        notices.push(notice('budget.soft_reached', this.#cause, budget, account))
      }
      if (reached(budget.limit + budget.grace + 1)) {
        notices.push(notice('budget.exceeded', this.#cause, budget, account))
      }
    }
    const charges = { amounts, accounts }
    return { charges, notices: inOneStream(notices), written: () => this.#giveBackRest(accounts) }
  }

  /** Looks at the store again, which knew of more than was known here, and says how things are. */
  async refused(): Promise<Standing> {
    for (const { account } of this.#taken) await this.#accounts.refresh(account)
    const full = this.#taken.find(({ account, budget, held }) => !account.hasRoom(held, budget)) ?? this.#taken[0]!
    return standingOf(full.budget, full.account, this.#accounts)
  }

  #giveBackRest(charges: readonly Charge[]): void {
    for (const [index, { held, spent }] of charges.entries()) {
      this.#taken[index]!.account.giveBack(Math.max(0, held - spent))
    }
  }
}

/** How a budget stands for whom an account is. */
export function standingOf(budget: Budget, { key, taken }: Account, accounts: Accounts): Standing {
  const { id, name, tenant, unit, limit, grace, window } = budget
  const period = accounts.period(window)
  // After a clock was set back, an account may be of a period that has not begun.
  const resetsAt = key.period > period.key ? null : endOf(period)
  return { tenant, budget: id, name, unit, taken, limit, grace, resetsAt }
}

/** Whether something is missing from what a budget counts: calls and times are always known. */
export function unpricedIn({ unit }: Budget, { unpriced }: Amounts): number {
  return unit === 'money' || unit === 'tokens' ? unpriced : 0
}

function chargeOf({ budget, account, held }: Taken, spent: number, unpriced: number): Charge {
  return { account: account.key, held, spent, unpriced, limit: budget.limit, ceiling: budget.limit + budget.grace }
}
