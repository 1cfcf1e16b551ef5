import { type RawBuilder, sql } from 'kysely'
import type { Charge } from '../../gate/index.ts'
import { type Compiler, prepare } from './compile.ts'
import type { Statement } from './database.ts'
import { refusal } from './resource.ts'
import type { Tables } from './tables.ts'

type Row = Tables['accounts']

/** The statements by which calls take from accounts. They add, and never set: any number of writers may use them at once. */
export interface ChargeStatements {
  /** Takes what a call may cost, and refuses the call when there is no room, whoever took it. */
  hold(charge: Charge): Statement
  /** Turns what was taken into what was spent. */
  settle(charge: Charge): Statement
  /** Adds what was spent by a call that took nothing before. */
  spend(charge: Charge): Statement
}

export function chargeStatements(db: Compiler): ChargeStatements {
  const { hold, settle, spend } = prepareCharges(db)
  return {
    hold: charge => {
      const { held, limit, ceiling } = charge
      const row = { ...rowOf(charge), spent: 0, reserved: held, unpriced: 0 }
      return { ...hold({ ...row, most: Math.min(limit - 1, ceiling - held) }), one: spentUp }
    },
    settle: charge => settle({ ...rowOf(charge), reserved: charge.held }),
    spend: charge => spend({ ...rowOf(charge), reserved: 0 }),
  }
}

const spentUp = refusal('BUDGET_SPENT', {})

function rowOf({ account: { tenant, budget, subject, period }, spent, unpriced }: Charge): Omit<Row, 'reserved'> {
  return { tenant, budget, subject, period, spent, unpriced }
}

function prepareCharges(db: Compiler) {
  // By name, since placeholders cannot be listed.
  const insert = ({ tenant, budget, subject, period, spent, reserved, unpriced }: Row) =>
    db.insertInto('accounts').values({ tenant, budget, subject, period, spent, reserved, unpriced })
  const added = (column: 'spent' | 'reserved' | 'unpriced'): RawBuilder<number> =>
    sql`${sql.ref(`accounts.${column}`)} + ${sql.ref(`excluded.${column}`)}`
  return {
    hold: prepare((row: Row & { most: number }) =>
      insert(row).onConflict(conflict =>
        conflict
          .columns(['budget', 'period', 'subject'])
          .doUpdateSet({ reserved: added('reserved') })
          .where(sql<boolean>`accounts.spent + accounts.reserved <= ${row.most}`),
      ),
    ),
    settle: prepare(({ tenant, budget, subject, period, spent, reserved, unpriced }: Row) =>
      db
        .updateTable('accounts')
        .set(({ eb }) => ({
          spent: eb('spent', '+', spent),
          reserved: eb('reserved', '-', reserved),
          unpriced: eb('unpriced', '+', unpriced),
        }))
        .where('budget', '=', budget)
        .where('period', '=', period)
        .where('subject', '=', subject)
        .where('tenant', '=', tenant),
    ),
    spend: prepare((row: Row) =>
      insert(row).onConflict(conflict =>
        conflict
          .columns(['budget', 'period', 'subject'])
          .doUpdateSet({ spent: added('spent'), unpriced: added('unpriced') }),
      ),
    ),
  }
}
