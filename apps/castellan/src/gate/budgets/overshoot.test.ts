import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { fc } from '../../../../../tests/support/properties.ts'
import type { Intent } from '../record.ts'
import type { Outcome } from '../verdict.ts'
import type { ToolPrice } from './price.ts'
import { foldOf, openBooks, type Process, someCalls } from './fixtures/open-books.ts'

const ok: Outcome = { is: 'ok', result: {} }
const price: ToolPrice = {
  is: 'tool',
  tools: '*',
  perCall: 1_000,
  perArgument: [{ argument: 'amount', rate: 0.01 }],
  perKb: 100,
  tokensPerCall: 0,
  tokensPerKb: 0,
  mostKb: 4,
}

/** What happens next: a call begins, or one that is under way ends, in one way or another. */
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ is: fc.constant('begin' as const), amount: fc.nat(9), reads: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.record({
      is: fc.constant('end' as const),
      which: fc.nat(20),
      how: fc.constantFrom('ok', 'indeterminate', 'unsent', 'timeout', 'again' as const),
      kilobytes: fc.nat(3),
    }),
  },
)

describe('budgets', () => {
  test('are never overshot, in whatever order calls begin and end side by side; and what is reserved returns to zero', async () => {
    await using books = await openBooks()
    const { budgets, begin, end, flush } = await books.process()
    const room = fc.record({ limit: fc.integer({ min: 1, max: 400_000 }), grace: fc.nat(100_000) })
    await fc.assert(
      fc.asyncProperty(room, room, fc.array(step, { minLength: 1, maxLength: 40 }), async (money, other, steps) => {
        const { actor, aCall, journal } = books.tenancy()
        await budgets.prices.put({ ...price, name: 'all' }, actor)
        const both = [
          await budgets.put({ ...someCalls, name: 'all', unit: 'money', ...money }, actor),
          await budgets.put(
            { ...someCalls, name: 'each', unit: 'money', scope: { is: 'principal', id: null }, ...other },
            actor,
          ),
        ]
        const check = () => {
          for (const budget of both) {
            for (const { spent, reserved } of budgets.usage(budget).accounts) {
              assert.ok(spent >= 0 && reserved >= 0 && spent + reserved <= budget.limit + budget.grace)
            }
          }
        }
        const open: Intent[] = []
        const going: Promise<unknown>[] = []
        for (const next of steps) {
          if (next.is === 'begin') {
            const call = aCall({ args: { amount: next.amount }, effect: next.reads ? 'read' : 'unsafe' })
            going.push(begin(call).then(intent => intent && open.push(intent)))
            // Some wait for each other, some do not.
            if (next.amount > 4) await Promise.all(going.splice(0))
          } else if (open.length > 0) {
            const [intent] = open.splice(next.which % open.length, 1)
            going.push(endAs(end, intent!, next.how, next.kilobytes))
          }
          check()
        }
        await Promise.all(going)
        for (const intent of open) await end(intent, ok)
        check()
        await flush()
        const sums = foldOf(await journal())
        for (const budget of both) {
          for (const account of budgets.usage(budget).accounts) {
            assert.equal(account.reserved, 0)
            const stored = await books.ledger.account(account)
            // An account that was only looked at is not in the store.
            assert.deepEqual(stored ?? account, account)
            const { spent = 0, reserved = 0 } = sums.get(`${budget.id} ${account.period} ${account.subject}`) ?? {}
            assert.deepEqual([spent, reserved], [account.spent, 0])
          }
        }
      }),
      { numRuns: 40 },
    )
  })

  test('are not overshot by processes that do not know of each other, and let in all there is room for', async () => {
    await using books = await openBooks()
    const first = await books.process()
    await first.budgets.put({ ...someCalls, limit: 20 }, books.actor)
    const processes: readonly Process[] = [first, await books.process(), await books.process()]
    const attempts = Array.from({ length: 60 }, (_, n) => processes[n % 3]!.begin(books.aCall()))
    const intents = (await Promise.all(attempts)).filter(each => each !== null)
    assert.equal(intents.length, 20)
    const budget = first.budgets.get(books.actor.tenant, 'b')
    const [account] = await books.ledger.accounts(budget, 'total', null, 10)
    assert.deepEqual([account?.spent, account?.reserved], [0, 20])
    // Whoever was refused by the store knows why, and does not ask it for every call.
    assert.equal(processes[1]!.budgets.reserve(books.aCall())?.is, 'refused')
  })
})

async function endAs(end: Process['end'], intent: Intent, how: string, kilobytes: number): Promise<void> {
  switch (how) {
    case 'ok':
      return end(intent, { is: 'ok', result: { text: 'x'.repeat(kilobytes * 1_024) } })
    case 'indeterminate':
      return end(intent, { is: 'indeterminate', message: '' })
    case 'unsent':
      return end(intent, { is: 'cancelled', message: '' }, { sent: false })
    case 'again':
      return end(intent, { is: 'inputRequired', result: {} })
    default:
      return end(intent, { is: 'timeout', message: '' })
  }
}
