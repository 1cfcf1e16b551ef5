import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Entry, JournalStore } from '../../journal/index.ts'
import { aLine, linesBeside } from '../../journal/fixtures/a-line.ts'
import { newId } from '../../kernel/index.ts'
import type { CallRecord, CallStore } from '../call-store.ts'
import type { Budget } from './budget.ts'
import type { BudgetLedger } from './budget-ledger.ts'
import type { Charge } from './charges.ts'
import type { Price } from './price.ts'

export interface OpenBudgetLedger {
  readonly budgets: BudgetLedger
  readonly calls: CallStore
  readonly journal: JournalStore
  close(): Promise<void>
}

/** What every ledger of budgets promises, together with the store of the calls that spend them. All tests share one store. */
export function budgetLedgerSuite(name: string, open: () => Promise<OpenBudgetLedger>, skip: string | false): void {
  describe(`${name} is a ledger of budgets`, { skip }, () => {
    let opened: OpenBudgetLedger
    let ledger: BudgetLedger
    before(async () => {
      opened = await open()
      ledger = opened.budgets
    })
    after(() => opened?.close())

    const entry = (stream: string, seq = 0) => aLine(opened.journal, stream, seq)
    const written = (entry: Entry) => linesBeside(entry, opened.journal)
    const begin = (call: CallRecord, ...charges: readonly Charge[]) =>
      opened.calls.open(call, [entry(`call:${call.id}`)], [], 'now', { charges })
    const end = (call: CallRecord, ...charges: readonly Charge[]) =>
      opened.calls.close(ended(call), null, [entry(`call:${call.id}`, 1)], charges)
    const sums = async ({ account }: Charge) => {
      const { spent = 0, reserved = 0, unpriced = 0 } = (await ledger.account(account)) ?? {}
      return [spent, reserved, unpriced]
    }

    test('budgets and prices read back, change version by version, and have names unique in their tenant', async () => {
      const tenant = newId()
      const budget = aBudget(tenant, 'month')
      const said = entry(`budget:${budget.id}`)
      await ledger.saveBudget(budget, [said])
      assert.equal(await written(said), 1)
      const changed: Budget = { ...budget, limit: 7, scope: { is: 'run', id: null }, soft: null, version: 2 }
      await ledger.saveBudget(changed, [])
      const price = aPrice(tenant, 'mail')
      await ledger.savePrice(price, [])
      assert.deepEqual((await ledger.budgets()).filter(each => each.tenant === tenant), [changed]) // prettier-ignore
      assert.deepEqual((await ledger.prices()).filter(each => each.tenant === tenant), [price]) // prettier-ignore
      const conflict = { code: 'VERSION_CONFLICT' }
      const refused = entry(`budget:${budget.id}`, 1)
      await assert.rejects(ledger.saveBudget(changed, [refused]), conflict)
      assert.equal(await written(refused), 1)
      await assert.rejects(ledger.saveBudget(aBudget(tenant, 'month'), []), { code: 'NAME_TAKEN' })
      await assert.rejects(ledger.savePrice(aPrice(tenant, 'mail'), []), { code: 'NAME_TAKEN' })
      await ledger.saveBudget(aBudget(newId(), 'month'), [])
    })

    test('budgets and prices are removed from their own tenant only, accounts with their budget', async () => {
      const tenant = newId()
      const [budget, price] = [aBudget(tenant, 'b'), aPrice(tenant, 'p')]
      await ledger.saveBudget(budget, [])
      await ledger.savePrice(price, [])
      const charge = aCharge(budget, { spent: 4 })
      await opened.calls.open(ended(aCall(tenant)), [], [], 'now', { charges: [charge] })
      await ledger.removeBudget(newId(), budget.id, [])
      await ledger.removePrice(newId(), price.id, [])
      assert.deepEqual(await sums(charge), [4, 0, 0])
      const [first, again] = [entry(`budget:${budget.id}`), entry(`budget:${newId()}`)]
      await ledger.removeBudget(tenant, budget.id, [first])
      await ledger.removeBudget(tenant, budget.id, [again])
      await ledger.removePrice(tenant, price.id, [])
      assert.deepEqual([await written(first), await written(again)], [1, 0])
      assert.equal(await ledger.account(charge.account), undefined)
      const left = [...(await ledger.budgets()), ...(await ledger.prices())]
      assert.ok(left.every(each => each.tenant !== tenant))
    })

    test('what a call holds is reserved with its intent, and spent with its end', async () => {
      const budget = aBudget(newId(), 'b')
      const call = aCall(budget.tenant)
      const charge = aCharge(budget, { held: 10 })
      await begin(call, charge)
      assert.deepEqual(await sums(charge), [0, 10, 0])
      await end(call, { ...charge, spent: 4, unpriced: 1 })
      assert.deepEqual(await sums(charge), [4, 0, 1])
    })

    test('an intent or end that is written again by a writer in doubt is charged once', async () => {
      const budget = aBudget(newId(), 'b')
      const call = aCall(budget.tenant)
      const charge = aCharge(budget, { held: 10, spent: 6 })
      const [intended, over] = [entry(`call:${call.id}`), entry(`call:${call.id}`, 1)]
      for (const _ of [1, 2]) await opened.calls.open(call, [intended], [], 'now', { charges: [charge] })
      assert.deepEqual(await sums(charge), [0, 10, 0])
      for (const _ of [1, 2]) await opened.calls.close(ended(call), null, [over], [charge])
      assert.deepEqual(await sums(charge), [6, 0, 0])
    })

    test('a call that finds no room is not opened, and takes nothing from its other budgets', async () => {
      const tenant = newId()
      const [wide, narrow] = [aBudget(tenant, 'wide'), aBudget(tenant, 'narrow')]
      const first = aCharge(narrow, { held: 8, limit: 10, ceiling: 10 })
      await begin(aCall(tenant), first)
      const call = { ...aCall(tenant), idempotencyKey: 'k' }
      const charges = [aCharge(wide, { held: 3 }), aCharge(narrow, { held: 3, limit: 10, ceiling: 10 })] as const
      await assert.rejects(begin(call, ...charges), { code: 'BUDGET_SPENT' })
      assert.equal(await opened.calls.call(tenant, call.id), undefined)
      assert.equal(await opened.calls.byKey(tenant, call.principal, 'k'), undefined)
      assert.deepEqual(await sums(charges[0]), [0, 0, 0])
      assert.deepEqual(await sums(charges[1]), [0, 8, 0])
      await begin(aCall(tenant), aCharge(narrow, { held: 2, limit: 10, ceiling: 10 }))
    })

    test('nothing begins once the limit is reached, whatever the grace; what began may end within it', async () => {
      const budget = aBudget(newId(), 'b')
      const bounds = { limit: 10, ceiling: 15 }
      await begin(aCall(budget.tenant), aCharge(budget, { held: 9, ...bounds }))
      await assert.rejects(begin(aCall(budget.tenant), aCharge(budget, { held: 7, ...bounds })), {
        code: 'BUDGET_SPENT',
      })
      await begin(aCall(budget.tenant), aCharge(budget, { held: 6, ...bounds }))
      await assert.rejects(begin(aCall(budget.tenant), aCharge(budget, { held: 0, ...bounds })), {
        code: 'BUDGET_SPENT',
      })
    })

    test('of many calls at once exactly as many are let in as there is room for', async () => {
      const budget = aBudget(newId(), 'b')
      const charge = aCharge(budget, { held: 3, limit: 10, ceiling: 10 })
      const attempts = await Promise.allSettled(Array.from({ length: 20 }, () => begin(aCall(budget.tenant), charge)))
      assert.equal(attempts.filter(each => each.status === 'fulfilled').length, 3)
      assert.deepEqual(await sums(charge), [0, 9, 0])
    })

    test('a call that is recorded when it is over is charged, come what may', async () => {
      const budget = aBudget(newId(), 'b')
      const charge = aCharge(budget, { held: 5, spent: 7, unpriced: 1, limit: 10, ceiling: 10 })
      for (const _ of [1, 2])
        await opened.calls.open(ended(aCall(budget.tenant)), [], [], 'soon', { charges: [charge] })
      assert.deepEqual(await sums(charge), [14, 0, 2])
    })

    test('accounts are listed for one budget and period, page by page, and belong to one tenant', async () => {
      const budget = aBudget(newId(), 'b')
      const of = (subject: string, period = 'total') =>
        opened.calls.open(ended(aCall(budget.tenant)), [], [], 'now', {
          charges: [aCharge(budget, { spent: 1 }, { subject, period })],
        })
      for (const subject of ['c', '', 'a', 'b']) await of(subject)
      await of('d', '2026-01-01')
      const page = async (after: string | null, limit: number) =>
        (await ledger.accounts(budget, 'total', after, limit)).map(({ subject }) => subject)
      assert.deepEqual(await page(null, 3), ['', 'a', 'b'])
      assert.deepEqual(await page('b', 3), ['c'])
      assert.deepEqual(await ledger.accounts({ tenant: newId(), id: budget.id }, 'total', null, 3), [])
      const account = aCharge(budget, {}, { subject: 'a' }).account
      assert.deepEqual(await ledger.account(account), { ...account, spent: 1, reserved: 0, unpriced: 0 })
      assert.equal(await ledger.account({ ...account, tenant: newId() }), undefined)
    })

    test('amounts keep every digit', async () => {
      const budget = aBudget(newId(), 'b')
      const most = 999_999_999_999_999
      const call = aCall(budget.tenant)
      const charge = aCharge(budget, { held: most, spent: most, limit: most + 1, ceiling: 2 * most })
      await begin(call, charge)
      await end(call, charge)
      assert.deepEqual(await sums(charge), [most, 0, 0])
    })
  })
}

function aBudget(tenant: string, name: string): Budget {
  return {
    id: newId(),
    tenant,
    name,
    scope: { is: 'tenant' },
    unit: 'money',
    soft: 5,
    limit: 10,
    grace: 0,
    window: 'total',
    overSoft: 'warn',
    imposed: false,
    version: 1,
  }
}

function aPrice(tenant: string, name: string): Price {
  return { is: 'model', id: newId(), tenant, name, model: 'a/b', input: 1, output: 2, cached: null, version: 1 }
}

function aCharge(
  { tenant, id: budget }: Budget,
  given: Partial<Charge>,
  { subject = '', period = 'total' }: { readonly subject?: string; readonly period?: string } = {},
): Charge {
  const account = { tenant, budget, subject, period }
  return { account, held: 0, spent: 0, unpriced: 0, limit: 1_000, ceiling: 1_000, ...given }
}

function aCall(tenant: string): CallRecord {
  return {
    id: newId(),
    tenant,
    principal: newId(),
    server: 'mail',
    capability: 'send',
    method: 'tools/call',
    effect: 'unsafe',
    digest: `sha256:${'0'.repeat(64)}`,
    idempotencyKey: null,
    correlationId: newId(),
    session: null,
    labels: null,
    state: 'open',
    outcome: null,
    startedAt: '2026-01-01T00:00:00.000Z',
    endedAt: null,
  }
}

function ended(record: CallRecord): CallRecord {
  return { ...record, state: 'ended', outcome: 'ok', endedAt: '2026-01-01T00:00:01.000Z' }
}
