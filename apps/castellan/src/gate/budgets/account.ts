import type { Budget } from './budget.ts'
import type { AccountKey } from './charges.ts'
import type { AccountRecord } from './budget-ledger.ts'

/** One account as this process knows it: the authority on it while there is one process. */
export class Account {
  readonly key: AccountKey
  spent: number
  reserved = 0
  unpriced: number
  /** Reserved by other processes, as far as the store told. */
  elsewhere = 0
  /** When the store was last asked, in monotonic milliseconds. */
  askedAt = -Infinity
  /** Whether the journal knows that calls are refused for it. */
  exceeded = false

  constructor(key: AccountKey, stored?: AccountRecord) {
    this.key = key
    this.spent = stored?.spent ?? 0
    this.unpriced = stored?.unpriced ?? 0
    // Nothing of ours is open when an account is first read, so what is reserved is of others.
    this.elsewhere = stored?.reserved ?? 0
  }

  get taken(): number {
    return this.spent + this.reserved + this.elsewhere
  }

  /** Whether a call may begin that may cost so much. */
  hasRoom(amount: number, { limit, grace }: Pick<Budget, 'limit' | 'grace'>): boolean {
    return this.taken < limit && this.taken + amount <= limit + grace
  }

  hold(amount: number): void {
    this.reserved += amount
  }

  giveBack(amount: number): void {
    this.reserved -= amount
  }

  /** Turns of what was held as much as is needed into what was spent. The rest stays held. */
  spend(held: number, spent: number, unpriced: number): void {
    this.reserved -= Math.min(held, spent)
    this.spent += spent
    this.unpriced += unpriced
  }

  /** Takes over what others wrote. What we settled and have not written yet is not forgotten. */
  learn({ spent, reserved, unpriced }: AccountRecord): void {
    this.spent = Math.max(this.spent, spent)
    this.unpriced = Math.max(this.unpriced, unpriced)
    this.elsewhere = Math.max(0, reserved - this.reserved)
  }
}
