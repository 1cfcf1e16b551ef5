import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { costOf, estimateOf, type ToolPrice } from './price.ts'

const free: ToolPrice = {
  is: 'tool',
  tools: '*',
  perCall: 0,
  perArgument: [],
  perKb: 0,
  tokensPerCall: 0,
  tokensPerKb: 0,
  mostKb: 64,
}
const kilobyte = { text: 'x'.repeat(1_000) }

describe('the price of a call', () => {
  test('is fixed, and by the value of an argument, to the millionth', () => {
    const price = { ...free, perCall: 1_000, perArgument: [{ argument: 'amount', rate: 0.01 }] }
    assert.equal(estimateOf(price, { amount: 19.99 }, 0).amounts.money, 200_900)
    assert.equal(estimateOf(price, { amount: '19.99' }, 0).amounts.money, 200_900)
  })

  test('finds its argument by name or by JSON Pointer, and never in what an object inherits', () => {
    const of = (argument: string, args: object) =>
      estimateOf({ ...free, perArgument: [{ argument, rate: 1 }] }, args as never, 0).amounts
    assert.equal(of('/order/lines/1/sum', { order: { lines: [{ sum: 1 }, { sum: 2 }] } }).money, 2_000_000)
    assert.equal(of('/a~1b/c~0d', { 'a/b': { 'c~d': 3 } }).money, 3_000_000)
    assert.equal(of('a/b', { 'a/b': 4 }).money, 4_000_000)
    for (const argument of [
      'constructor',
      '__proto__',
      '/length',
      '/order/lines/length',
      '/order/lines/-1',
      'toString',
    ]) {
      assert.deepEqual([of(argument, { order: { lines: [] } }).money, of(argument, {}).unpriced], [0, 1], argument)
    }
  })

  for (const amount of [undefined, null, -5, 'many', [3], { of: 3 }, true]) {
    test(`is counted as unknown, and no lower, for the argument ${JSON.stringify(amount)}`, () => {
      const price = { ...free, perCall: 5, perArgument: [{ argument: 'amount', rate: 1 }] }
      const { money, unpriced } = estimateOf(price, amount === undefined ? {} : { amount }, 0).amounts
      assert.deepEqual([money, unpriced], [5, 1])
    })
  }

  test('is estimated with the largest result there may be, and settled with the one there was', () => {
    const price = { ...free, perCall: 7, perKb: 10, tokensPerCall: 3, tokensPerKb: 256, mostKb: 4 }
    const estimate = estimateOf(price, {}, 30_000)
    assert.deepEqual(estimate.amounts, { calls: 1, money: 47, time: 30_000, tokens: 1_027, unpriced: 0 })
    const cost = costOf(estimate, { is: 'used', milliseconds: 12.4, result: kilobyte })
    assert.deepEqual(cost, { calls: 1, money: 17, time: 13, tokens: 259, unpriced: 0 })
  })

  test('of a larger result than was thought of is what it is', () => {
    const estimate = estimateOf({ ...free, perKb: 10, mostKb: 1 }, {}, 0)
    const cost = costOf(estimate, { is: 'used', milliseconds: 1, result: { text: 'é'.repeat(1_500) } })
    assert.equal(cost.money, 30)
  })

  test('is nothing for what was never sent, and all of it for what may have happened', () => {
    const estimate = estimateOf({ ...free, perCall: 7, perKb: 10, mostKb: 4 }, {}, 1_000)
    const unused = { calls: 0, money: 0, time: 0, tokens: 0, unpriced: 0 }
    assert.deepEqual(costOf(estimate, { is: 'nothing' }), unused)
    assert.deepEqual(costOf(estimate, { is: 'unknown', milliseconds: 5 }), estimate.amounts)
    assert.equal(costOf(estimate, { is: 'unknown', milliseconds: 4_000.2 }).time, 4_001)
  })

  test('is paid once for a call that comes again with what its server asked for', () => {
    const estimate = estimateOf({ ...free, perCall: 7 }, {}, 1_000)
    const begun = costOf(estimate, { is: 'begun', milliseconds: 5 })
    assert.deepEqual(begun, { calls: 1, money: 0, time: 5, tokens: 0, unpriced: 0 })
  })

  test('is owed without a result when the server failed', () => {
    const estimate = estimateOf({ ...free, perCall: 7, perKb: 10 }, {}, 1_000)
    assert.equal(costOf(estimate, { is: 'used', milliseconds: 5, result: null }).money, 7)
  })

  test('that nobody knows is counted as such', () => {
    const estimate = estimateOf(null, {}, 10)
    assert.deepEqual(estimate.amounts, { calls: 1, money: 0, time: 10, tokens: 0, unpriced: 1 })
    assert.equal(costOf(estimate, { is: 'used', milliseconds: 5, result: kilobyte }).unpriced, 1)
  })

  test('never makes more than a number holds', () => {
    const price = { ...free, perCall: 1e15, perKb: 1e15, mostKb: 1e6, perArgument: [{ argument: 'amount', rate: 1e9 }] }
    assert.equal(estimateOf(price, { amount: 1e300 }, 0).amounts.money, Number.MAX_SAFE_INTEGER)
  })
})
