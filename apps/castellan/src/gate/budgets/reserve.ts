import type { Journal } from '../../journal/index.ts'
import type { LateWrites } from '../late-writes.ts'
import type { Account } from './account.ts'
import type { Accounts } from './accounts.ts'
import type { Counting } from './applying.ts'
import type { Budget } from './budget.ts'
import type { Amounts } from './charges.ts'
import type { Standing } from './hold.ts'
import { Holding, standingOf, type Taken, unpricedIn } from './holding.ts'
import { inOneStream, notice } from './notices.ts'
import type { Cause } from './spender.ts'

export type Reserved =
  /** With what asks for approval, when a soft limit does. */
  { readonly is: 'held'; readonly holding: Holding; readonly asking: readonly string[] } | Refused

export interface Refused {
  readonly is: 'refused'
  readonly standing: Standing
  readonly asked: number
}

interface Books {
  readonly accounts: Accounts
  readonly journal: Journal
  readonly late: LateWrites
}

/** All or nothing, in one turn: between the first look and the last taking nobody else gets in. */
export function reserve(cause: Cause, amounts: Amounts, counting: readonly Counting[], books: Books): Reserved {
  const taken: Taken[] = []
  const asking: string[] = []
  for (const { budget, subject } of counting) {
    const held = amounts[budget.unit]
    const unpriced = unpricedIn(budget, amounts)
    // What certainly costs nothing is not held up by what others spent.
    if (held === 0 && unpriced === 0) continue
    const account = books.accounts.of(budget, subject)
    if (!account.hasRoom(held, budget)) {
      sayExceeded(cause, budget, account, books)
      books.accounts.refreshSoon(account)
      return { is: 'refused', standing: standingOf(budget, account, books.accounts), asked: held }
    }
    if (budget.overSoft === 'approve' && budget.soft !== null && account.taken + held > budget.soft) {
      asking.push(`the budget "${budget.name}" is past its soft limit`)
    }
    taken.push({ budget, account, held, unpriced })
  }
  return { is: 'held', holding: new Holding(cause, amounts, taken, books.accounts), asking }
}

/** That something is refused is said once for each account; each refused call has a line of its own anyway. */
function sayExceeded(cause: Cause, budget: Budget, account: Account, { journal, late }: Books): void {
  if (account.exceeded) return
  account.exceeded = true
  const entries = inOneStream([notice('budget.exceeded', cause, budget, account)]).map(each => journal.seal(each))
  late.add(() => journal.store.append(entries, 'soon'))
}
