import type { Budgets } from '../budgets/budgets.ts'
import type { Guard } from '../guard.ts'
import { allow, deny } from '../verdict.ts'

/** Reserves what a call may cost at most. Whoever stops the call after this gives it back; its end settles it. */
export function budgetGuard(budgets: Pick<Budgets, 'reserve'>): Guard {
  return {
    name: 'budget',
    code: 'denied_budget',
    check(call) {
      const reservation = budgets.reserve(call)
      if (reservation === null) return allow
      if (reservation.is === 'held') {
        const { hold, asking } = reservation
        return asking.length === 0 ? { is: 'allow', hold } : { is: 'needsApproval', reasons: asking, hold }
      }
      const { standing, asked } = reservation
      const { name, unit, taken, limit, grace } = standing
      return {
        ...deny('denied_budget', `${name}: ${taken} of ${limit} ${unit} are taken, and the call may need ${asked}`),
        facts: { budget: { asked, grace, limit, name, taken, unit } },
        standing,
      }
    },
  }
}
