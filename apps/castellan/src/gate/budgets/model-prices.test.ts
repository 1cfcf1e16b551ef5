import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { fc } from '../../../../../tests/support/properties.ts'
import { modelPriceTable } from './model-price-table.ts'
import { costOfModel, priceOfModel } from './model-prices.ts'
import type { ModelPrice } from './price.ts'

const table = modelPriceTable.prices
const own = (model: string, input: number): ModelPrice => ({ is: 'model', model, input, output: 0, cached: null })

describe('the price of a model', () => {
  test('is that of the table, for dated names of a model, too', () => {
    assert.equal(priceOfModel('anthropic', 'claude-sonnet-4-5-20250929', [], table)?.output, 15_000_000)
    assert.equal(priceOfModel('openai', 'gpt-5', [], table)?.input, 1_250_000)
    assert.equal(priceOfModel('openai', 'gpt-5-mini', [], table)?.input, 250_000)
  })

  test('is what the operator says first, and of that the most precise', () => {
    const prices = [own('openai/*', 1), own('openai/gpt-5', 3), own('openai/gpt*', 2)]
    assert.equal(priceOfModel('openai', 'gpt-5', prices, table)?.input, 3)
    assert.equal(priceOfModel('openai', 'gpt-4.1', prices, table)?.input, 2)
    assert.equal(priceOfModel('openai', 'o4-mini', prices, table)?.input, 1)
    assert.equal(priceOfModel('mistral', 'codestral-latest', prices, table)?.input, 300_000)
  })

  test('is not known for a model of nobody, which is counted and never free', () => {
    const price = priceOfModel('nobody', 'gpt-5', [], table)
    assert.equal(price, null)
    assert.deepEqual(costOfModel(price, { input: 1_000, output: 1_000, cached: 0 }), { money: 0, unpriced: 1 })
  })

  test('is charged to the millionth, with what came from the cache at its own price', () => {
    const price = priceOfModel('openai', 'gpt-5', [], table)
    // 600 × 1.25 + 400 × 0.125 + 200 × 10, for a million each.
    assert.deepEqual(costOfModel(price, { input: 1_000, output: 200, cached: 400 }), { money: 2_800, unpriced: 0 })
    const without = { is: 'model', model: 'a/b', input: 2_000_000, output: 0, cached: null } as const
    assert.equal(costOfModel(without, { input: 10, output: 0, cached: 10 }).money, 20)
  })

  test('has more from the cache than was read count as all of it', () => {
    const price = priceOfModel('openai', 'gpt-5', [], table)
    assert.equal(costOfModel(price, { input: 1_000_000, output: 0, cached: 5_000_000 }).money, 125_000)
  })

  test('never falls when more is used', () => {
    const tokens = fc.nat(2_000_000)
    fc.assert(
      fc.property(fc.constantFrom(...table), tokens, tokens, tokens, (price, input, output, more) => {
        const cost = (usage: { input: number; output: number }) => costOfModel(price, { ...usage, cached: 0 }).money
        assert.ok(cost({ input: input + more, output }) >= cost({ input, output }))
        assert.ok(cost({ input, output: output + more }) >= cost({ input, output }))
      }),
    )
  })
})

test('the table names each model once, with prices of which the cached are the lowest', () => {
  assert.equal(new Set(table.map(({ model }) => model)).size, table.length)
  for (const { model, input, output, cached } of table) {
    assert.ok(input > 0 && output >= input && (cached ?? 0) <= input, model)
  }
  assert.match(modelPriceTable.date, /^\d{4}-\d\d-\d\d$/)
})
