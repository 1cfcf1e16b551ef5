import type { Journal } from '../../journal/index.ts'
import type { Call } from '../call.ts'
import { limitOf } from '../execute/execute.ts'
import type { LateWrites } from '../late-writes.ts'
import type { Account } from './account.ts'
import type { Accounts } from './accounts.ts'
import type { Counting } from './applying.ts'
import type { Budget } from './budget.ts'
import { HeldCall, standingOf, type Taken, unpricedIn } from './held-call.ts'
import type { Hold, Standing } from './hold.ts'
import { inOneStream, notice } from './notices.ts'
import { estimateOf } from './price.ts'
import type { Prices } from './prices.ts'

export type Reservation =
  /** With what asks for approval, when a soft limit does. */
  | { readonly is: 'held'; readonly hold: Hold; readonly asking: readonly string[] }
  | { readonly is: 'refused'; readonly standing: Standing; readonly asked: number }

interface Books {
  readonly accounts: Accounts
  readonly prices: Prices
  readonly journal: Journal
  readonly late: LateWrites
}

/** All or nothing, in one turn: between the first look and the last taking nobody else gets in. */
export function reserve(call: Call, counting: readonly Counting[], books: Books): Reservation {
  const tool = `${call.server.name}/${call.capability.name}`
  const estimate = estimateOf(books.prices.ofTool(call.identity.tenant, tool), call.args, limitOf(call))
  const taken: Taken[] = []
  const asking: string[] = []
  for (const { budget, subject } of counting) {
    const held = estimate.amounts[budget.unit]
    const unpriced = unpricedIn(budget, estimate.amounts)
    // What certainly costs nothing is not held up by what others spent.
    if (held === 0 && unpriced === 0) continue
    const account = books.accounts.of(budget, subject)
    if (!account.hasRoom(held, budget)) {
      sayExceeded(call, budget, account, books)
      books.accounts.refreshSoon(account)
      return { is: 'refused', standing: standingOf(budget, account, books.accounts), asked: held }
    }
    if (budget.overSoft === 'approve' && budget.soft !== null && account.taken + held > budget.soft) {
      asking.push(`the budget "${budget.name}" is past its soft limit`)
    }
    taken.push({ budget, account, held, unpriced })
  }
  return { is: 'held', hold: new HeldCall(call, estimate, taken, books.accounts), asking }
}

/** That calls are refused is said once for each account; each refused call has a line of its own anyway. */
function sayExceeded(call: Call, budget: Budget, account: Account, { journal, late }: Books): void {
  if (account.exceeded) return
  account.exceeded = true
  const entries = inOneStream([notice('budget.exceeded', call, budget, account)]).map(each => journal.seal(each))
  late.add(() => journal.store.append(entries, 'soon'))
}
