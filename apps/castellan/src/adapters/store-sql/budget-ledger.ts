import type { AccountKey, AccountRecord, Budget, BudgetLedger, Price } from '../../gate/index.ts'
import type { CommitEntries } from './commit-entries.ts'
import { compile, type Compiler, prepare } from './compile.ts'
import type { Database } from './database.ts'
import { namedRow, prepareNamed } from './named-table.ts'
import { nameTaken, parseBody, saveVersion } from './resource.ts'

export function budgetLedger(database: Database, db: Compiler, commit: CommitEntries): BudgetLedger {
  const budgets = prepareNamed(db, 'budgets')
  const prices = prepareNamed(db, 'prices')
  const accounts = prepareAccounts(db)

  return {
    async budgets() {
      return (await database.read(budgets.all({}))).map(parseBody<Budget>)
    },
    saveBudget(each, entries) {
      const save = saveVersion('budget', namedRow(each), budgets.insert, budgets.update, nameTaken('budget', each.name))
      return commit([save], entries)
    },
    removeBudget: (tenant, id, entries) =>
      commit([{ ...budgets.remove({ tenant, id }), one: 'nothingToDo' }, accounts.remove({ tenant, id })], entries),

    async prices() {
      return (await database.read(prices.all({}))).map(parseBody<Price>)
    },
    savePrice(each, entries) {
      const save = saveVersion('price', namedRow(each), prices.insert, prices.update, nameTaken('price', each.name))
      return commit([save], entries)
    },
    removePrice: (tenant, id, entries) => commit([{ ...prices.remove({ tenant, id }), one: 'nothingToDo' }], entries),

    async account(key) {
      return (await database.read(accounts.one(key))).map(accountOf)[0]
    },
    async accounts(budget, period, after, limit) {
      return (await database.read(compile(page(db, budget, period, after, limit)))).map(accountOf)
    },
  }
}

function page(
  db: Compiler,
  { tenant, id }: Pick<Budget, 'tenant' | 'id'>,
  period: string,
  after: string | null,
  limit: number,
) {
  return db
    .selectFrom('accounts')
    .select(accountColumns)
    .where('budget', '=', id)
    .where('period', '=', period)
    .where('tenant', '=', tenant)
    .$if(after !== null, query => query.where('subject', '>', after!))
    .orderBy('subject')
    .limit(limit)
}

function prepareAccounts(db: Compiler) {
  return {
    one: prepare(({ tenant, budget, subject, period }: AccountKey) =>
      db
        .selectFrom('accounts')
        .select(accountColumns)
        .where('budget', '=', budget)
        .where('period', '=', period)
        .where('subject', '=', subject)
        .where('tenant', '=', tenant),
    ),
    remove: prepare(({ tenant, id }: { tenant: string; id: string }) =>
      db.deleteFrom('accounts').where('budget', '=', id).where('tenant', '=', tenant),
    ),
  }
}

const accountColumns = ['tenant', 'budget', 'subject', 'period', 'spent', 'reserved', 'unpriced'] as const

function accountOf({ tenant, budget, subject, period, spent, reserved, unpriced }: AccountRecord): AccountRecord {
  return { tenant, budget, subject, period, spent, reserved, unpriced }
}
