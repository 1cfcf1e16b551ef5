import type { Clock } from '../../kernel/index.ts'
import { Account } from './account.ts'
import type { Budget, Window } from './budget.ts'
import type { BudgetLedger } from './budget-ledger.ts'
import { type Period, periodOf } from './period.ts'

/** The accounts in use, in memory, each in the period its budget is in now. */
export class Accounts {
  readonly #ledger: BudgetLedger
  readonly #clock: Clock
  readonly #accounts = new Map<string, Account>()
  readonly #periods = new Map<Window, Period>()

  constructor(ledger: BudgetLedger, clock: Clock) {
    this.#ledger = ledger
    this.#clock = clock
  }

  /** Reads what was spent of a budget in its current period, as far as there is room for it here. */
  async load(budget: Budget): Promise<void> {
    const { key } = this.period(budget.window)
    for (let after: string | null = null, left = MOST_KEPT; left > 0; left -= PAGE) {
      const page = await this.#ledger.accounts(budget, key, after, PAGE)
      for (const stored of page) {
        const { tenant, subject, period } = stored
        this.#keep(budget, subject, new Account({ tenant, budget: budget.id, subject, period }, stored))
      }
      if (page.length < PAGE) return
      after = page.at(-1)!.subject
    }
  }

  /** The account of a subject, with nothing in it when it is the first of its period. */
  of(budget: Budget, subject: string): Account {
    const { key } = this.period(budget.window)
    const account = this.#accounts.get(idOf(budget, subject))
    // Not back to an earlier period when a clock was set back: it has been spent from.
    if (account !== undefined && account.key.period >= key) return account
    const next = new Account({ tenant: budget.tenant, budget: budget.id, subject, period: key })
    this.#keep(budget, subject, next)
    return next
  }

  /** The account of a subject, if anything was taken from it in this period. */
  known(budget: Budget, subject: string): Account | undefined {
    const account = this.#accounts.get(idOf(budget, subject))
    return account !== undefined && account.key.period >= this.period(budget.window).key ? account : undefined
  }

  all(budget: Budget): readonly Account[] {
    const { key } = this.period(budget.window)
    return [...this.#accounts.values()].filter(each => each.key.budget === budget.id && each.key.period >= key)
  }

  forget(budget: Budget): void {
    for (const [id, account] of this.#accounts) if (account.key.budget === budget.id) this.#accounts.delete(id)
  }

  /** Asks the store what others spent. */
  async refresh(account: Account): Promise<void> {
    account.askedAt = this.#clock.monotonic()
    const stored = await this.#ledger.account(account.key)
    if (stored) account.learn(stored)
  }

  /** Asks the store again, soon and now and then, when what others reserved is in the way: they may have given it back. */
  refreshSoon(account: Account): void {
    if (account.elsewhere === 0 || this.#clock.monotonic() - account.askedAt < ASK_EVERY) return
    // When the store cannot be asked, things stay as they are until the next call that is refused.
    void this.refresh(account).catch(() => undefined)
  }

  period(window: Window): Period {
    const now = this.#clock.now()
    const known = this.#periods.get(window)
    if (known && known.start <= now.getTime() && now.getTime() < known.end) return known
    const period = periodOf(window, now)
    this.#periods.set(window, period)
    return period
  }

  #keep(budget: Budget, subject: string, account: Account): void {
    const id = idOf(budget, subject)
    this.#accounts.delete(id)
    this.#accounts.set(id, account)
    if (this.#accounts.size <= MOST_KEPT) return
    // The store still holds what is forgotten here, and lets nobody take more than there is.
    for (const [oldest, { reserved }] of this.#accounts) {
      if (reserved > 0) continue
      this.#accounts.delete(oldest)
      return
    }
  }
}

function idOf(budget: Budget, subject: string): string {
  return `${budget.id} ${subject}`
}

const PAGE = 1_000
const MOST_KEPT = 200_000
/** Milliseconds. */
const ASK_EVERY = 1_000
