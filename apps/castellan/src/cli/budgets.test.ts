import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Budget, BudgetUsage, ModelPrices, Price } from '@castellan/contracts'
import { exitCodes } from './exit-codes.ts'
import { type Installation, installation, serverProgram } from './fixtures/installation.ts'

describe('castellan budgets and prices', () => {
  let plane: Installation
  before(async () => {
    plane = await installation()
    const added = await castellan('servers', 'add', 'everything', '--', ...serverProgram('everything'), 'stdio')
    assert.equal(added.code, exitCodes.ok, added.err)
  })
  after(() => plane.end())

  const castellan = (...argv: string[]) => plane.castellan(argv)
  const asJson = async <T>(...argv: string[]) => JSON.parse((await castellan('--json', ...argv)).out) as T
  const call = (...more: string[]) => castellan('call', 'everything__echo', '--args', '{"message": "hi"}', ...more)

  test('set, list, spend, show and remove a budget', async () => {
    const made = await castellan('budgets', 'set', 'runs', '--unit', 'calls', '--limit', '2', '--to', 'each:run')
    assert.deepEqual([made.code, made.out.trimEnd()], [exitCodes.ok, 'Set runs: 2 calls, each:run, total.'])
    assert.match((await castellan('budgets')).out, /^runs +each:run +calls +– +2 +0 +total/m)
    for (let n = 0; n < 2; n++) assert.equal((await call('--run', 'r1')).code, exitCodes.ok)
    const refused = await call('--run', 'r1')
    assert.deepEqual([refused.code, /the budget is spent/.test(refused.err)], [exitCodes.denied, true])
    assert.equal((await call('--run', 'r2')).code, exitCodes.ok)
    const { out } = await castellan('budgets', 'show', 'runs')
    assert.match(out, /^limit +2$/m)
    assert.match(out, /^r1 +2 +0 +0$/m)
    const usage = await asJson<BudgetUsage>('budgets', 'show', 'runs')
    assert.deepEqual(usage.items.map(({ subject, spent }) => [subject, spent]), [['r1', 2], ['r2', 1]]) // prettier-ignore
    assert.equal((await castellan('budgets', 'remove', 'runs')).code, exitCodes.ok)
    assert.equal((await castellan('budgets', 'show', 'runs')).code, exitCodes.missing)
  })

  test('say all of a budget, time as people write it, and somebody by name', async () => {
    const amounts = ['--limit', '2h', '--soft', '90m', '--grace', '30s']
    const rest = ['--window', 'day', '--to', 'principal:admin', '--over-soft', 'approve']
    const { code, err } = await castellan('budgets', 'set', 'hours', '--unit', 'time', ...amounts, ...rest)
    assert.equal(code, exitCodes.ok, err)
    const [budget] = await asJson<Budget[]>('budgets')
    const { limit, soft, grace, window, over_soft: overSoft, to } = budget!
    assert.deepEqual([limit, soft, grace, window, overSoft], [7_200_000, 5_400_000, 30_000, 'day', 'approve'])
    assert.ok(to !== 'tenant' && 'principal' in to)
    assert.match((await castellan('budgets', 'show', 'hours')).out, /soft +90m \(approve\)[\s\S]*Nothing is spent\./)
    await castellan('budgets', 'remove', 'hours')
  })

  for (const argv of [
    ['--unit', 'apples', '--limit', '1'],
    ['--unit', 'calls', '--limit', '-1'],
    ['--unit', 'calls', '--limit', '1.5'],
    ['--unit', 'calls', '--limit', 'many'],
    ['--unit', 'calls'],
    ['--unit', 'time', '--limit', '2y'],
    ['--unit', 'calls', '--limit', '1', '--to', 'everybody'],
    ['--unit', 'calls', '--limit', '1', '--soft', '2'],
  ]) {
    test(`refuse ${argv.join(' ')}`, async () => {
      const { code, err } = await castellan('budgets', 'set', 'bad', ...argv)
      assert.equal(code, exitCodes.usage, err)
      assert.doesNotMatch(err, /bug|\n +at /)
    })
  }

  test('say that nobody has a name', async () => {
    const argv = ['--unit', 'calls', '--limit', '1', '--to', 'agent:nobody']
    const { code, err } = await castellan('budgets', 'set', 'bad', ...argv)
    assert.equal(code, exitCodes.missing, err)
  })

  test('set, list and remove prices of tools and models', async () => {
    const money = ['--per-call', '0.5', '--per-argument', 'amount=0.01', '/fee=1', '--per-kb', '0.001']
    const tokens = ['--tokens-per-kb', '256', '--most-kb', '8']
    const set = await castellan('prices', 'set', 'pay', '--tools', 'bank/*', ...money, ...tokens)
    assert.equal(set.code, exitCodes.ok, set.err)
    assert.equal(
      set.out.trimEnd(),
      'Set pay: bank/*: 0.5 a call + 0.01 × amount + 1 × /fee + 0.001 a KB + 256 tokens a KB.',
    )
    const model = ['--model', 'openai/gpt-5', '--input', '1', '--output', '8']
    assert.equal((await castellan('prices', 'set-model', 'own', ...model)).code, exitCodes.ok)
    const prices = await asJson<Price[]>('prices')
    assert.deepEqual(prices.map(({ name }) => name), ['own', 'pay']) // prettier-ignore
    assert.match((await castellan('prices')).out, /^own +openai\/gpt-5 +1 in, 8 out$/m)
    const known = await asJson<ModelPrices>('prices', 'models')
    assert.equal(known.items[0]?.from, 'tenant')
    assert.match((await castellan('prices', 'models')).out, /^Table \d+ of \d{4}-\d\d-\d\d, in US dollars/m)
    for (const name of ['own', 'pay']) assert.equal((await castellan('prices', 'remove', name)).code, exitCodes.ok)
    assert.equal((await castellan('prices', 'remove', 'pay')).code, exitCodes.missing)
  })

  for (const argv of [
    ['--per-call', '1,5'],
    ['--per-argument', 'amount'],
    ['--per-argument', 'amount=-1'],
    ['--most-kb', '0'],
  ]) {
    test(`refuse a price with ${argv.join(' ')}`, async () => {
      const { code, err } = await castellan('prices', 'set', 'bad', '--tools', '*', ...argv)
      assert.equal(code, exitCodes.usage, err)
    })
  }
})
