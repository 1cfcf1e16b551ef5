import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type ControlPlane, controlPlane, stdioServer } from '../../../../../tests/support/control-plane.ts'
import { ask } from './fixtures/asking.ts'
import { hire } from './fixtures/people.ts'

const echo = { name: 'everything__echo', args: { message: 'hi' } }

let castellan: ControlPlane
before(async () => {
  castellan = await controlPlane()
  await castellan.ask('POST', '/api/mcp-servers', stdioServer('everything'))
})
after(() => castellan[Symbol.asyncDispose]())

const put = <T = Record<string, unknown>>(path: string, body: unknown, expect?: number) =>
  castellan.ask<T>('PUT', path, body, expect)

describe('budgets over REST', () => {
  test('are made, read by name and id, changed, listed and removed, with money in units of the currency', async () => {
    const wish = { unit: 'money', limit: 12.5, soft: 10.000001, grace: 0.1, window: 'month', over_soft: 'approve' }
    const made = await put<{ id: string }>('/api/budgets/monthly', wish)
    const expected = { ...wish, to: 'tenant', name: 'monthly', imposed: false, version: 1, id: made.id }
    assert.deepEqual(made, expected)
    assert.deepEqual(await castellan.ask('GET', '/api/budgets/monthly'), expected)
    assert.deepEqual(await castellan.ask('GET', `/api/budgets/${made.id}`), expected)
    assert.deepEqual(await put('/api/budgets/monthly', { ...wish, limit: 20 }), { ...expected, limit: 20, version: 2 })
    const { items } = await castellan.ask<{ items: { name: string }[] }>('GET', '/api/budgets')
    assert.deepEqual(items.map(each => each.name), ['monthly']) // prettier-ignore
    const refused = await put('/api/budgets/monthly', { ...wish, window: 'day' }, 400)
    assert.equal(refused.code, 'BUDGET_IMMUTABLE')
    await castellan.ask('DELETE', '/api/budgets/monthly')
    await castellan.ask('GET', '/api/budgets/monthly', undefined, 404)
    await castellan.ask('DELETE', '/api/budgets/monthly', undefined, 404)
  })

  test('are for somebody who is there', async () => {
    const user = await castellan.ask<{ id: string }>('POST', '/api/principals', { name: 'bob', kind: 'user' })
    const to = (given: unknown, expect?: number) =>
      put('/api/budgets/whose', { to: given, unit: 'calls', limit: 1 }, expect)
    assert.equal((await to({ agent: user.id }, 400)).code, 'REQUEST_INVALID')
    assert.equal((await to({ principal: '01932c07-209d-7a51-9b2e-5a8d7c1f3e64' }, 404)).code, 'NOT_FOUND')
    assert.deepEqual((await to({ principal: user.id })).to, { principal: user.id })
    await castellan.ask('DELETE', '/api/budgets/whose')
    assert.deepEqual((await to({ each: 'run' })).to, { each: 'run' })
    await castellan.ask('DELETE', '/api/budgets/whose')
  })

  for (const [what, body, said] of [
    ['seven digits after the point', { unit: 'money', limit: 0.0000001 }, /\/limit must not have more than six digits/],
    ['more than can be counted', { unit: 'money', limit: 1e10 }, /\/limit/],
    ['half a call', { unit: 'calls', limit: 1.5 }, /\/limit must be a whole number/],
    ['less than nothing', { unit: 'tokens', limit: 1, grace: -1 }, /\/grace must be at least 0/],
    ['a soft limit above the limit', { unit: 'calls', limit: 1, soft: 2 }, /\/soft must not be above the limit/],
    ['no limit', { unit: 'calls' }, /\/limit is missing/],
    ['a unit nobody knows', { unit: 'apples', limit: 1 }, /\/unit must be one of "money", "tokens", "calls", "time"/],
    ['two recipients', { to: { run: 'a', each: 'run' }, unit: 'calls', limit: 1 }, /\/to/],
    ['a run of two lines', { to: { run: 'a\nb' }, unit: 'calls', limit: 1 }, /\/to/],
    ['a claim to be from above', { unit: 'calls', limit: 1, imposed: true }, /unknown field "imposed"/],
  ] as const) {
    test(`refuse ${what}`, async () => {
      const { detail } = await put<{ detail: string }>('/api/budgets/bad', body, 400)
      assert.match(detail, said)
      await castellan.ask('GET', '/api/budgets/bad', undefined, 404)
    })
  }

  test('answer a call they have no room for with 402 and how they stand', async () => {
    await put('/api/prices/echo', { tools: 'everything/echo', per_call: 0.02, per_kb: 0.001, most_kb: 2 })
    await put('/api/budgets/small', { to: { run: 'r1' }, unit: 'money', limit: 0.05, grace: 0.01 })
    const call = { ...echo, run_id: 'r1' }
    assert.equal((await castellan.ask('POST', '/api/calls', call)).outcome, 'ok')
    const usage = await castellan.ask<{ items: unknown[] }>('GET', '/api/budgets/small/usage')
    assert.deepEqual(usage.items, [{ subject: 'r1', spent: 0.021, reserved: 0, unpriced: 0 }])
    assert.equal((await castellan.ask('POST', '/api/calls', call)).outcome, 'ok')
    const { status, headers, text } = await ask(castellan, 'POST', '/api/calls', { body: call })
    const { call_id, ...problem } = JSON.parse(text)
    assert.equal(status, 402)
    assert.match(headers['content-type']!, /^application\/problem\+json/)
    assert.match(call_id, /^[0-9a-f-]{36}$/)
    assert.deepEqual(problem, {
      type: 'https://castellan.dev/errors/denied_budget',
      title: 'Payment Required',
      status: 402,
      detail: 'The call was refused: the budget is spent.',
      code: 'denied_budget',
      retryable: false,
      tenant_id: 'default',
      current_spend: 0.042,
      max_budget: 0.05,
      grace_threshold: 0.06,
      unit: 'money',
      resets_at: null,
    })
    assert.equal((await castellan.ask('POST', '/api/calls', { ...echo, run_id: 'r2' })).outcome, 'ok')
    assert.equal((await castellan.ask('POST', '/api/calls', echo)).outcome, 'ok')
    await castellan.ask('DELETE', '/api/budgets/small')
    await castellan.ask('DELETE', '/api/prices/echo')
  })

  test('page through what each subject spent', async () => {
    await put('/api/budgets/runs', { to: { each: 'run' }, unit: 'calls', limit: 5 })
    for (const run of ['a', 'b', 'c']) await castellan.ask('POST', '/api/calls', { ...echo, run_id: run })
    type Page = { items: { subject: string; spent: number }[]; next: string | null; period: string }
    const first = await castellan.ask<Page>('GET', '/api/budgets/runs/usage?limit=2')
    const second = await castellan.ask<Page>('GET', `/api/budgets/runs/usage?limit=2&after=${first.next}`)
    assert.deepEqual([first.period, second.next], ['total', null])
    assert.deepEqual(
      [...first.items, ...second.items].map(({ subject, spent }) => [subject, spent]),
      [['a', 1], ['b', 1], ['c', 1]], // prettier-ignore
    )
    await castellan.ask('DELETE', '/api/budgets/runs')
  })
})

describe('prices over REST', () => {
  test('are made, changed, listed and removed, of tools and of models', async () => {
    const tool = await put<{ id: string }>('/api/prices/mail', {
      tools: 'mail/*',
      per_argument: [{ argument: '/order/amount', rate: 0.0000025 }],
    })
    assert.deepEqual(tool, {
      id: tool.id,
      name: 'mail',
      tools: 'mail/*',
      per_call: 0,
      per_argument: [{ argument: '/order/amount', rate: 0.0000025 }],
      per_kb: 0,
      tokens_per_call: 0,
      tokens_per_kb: 0,
      most_kb: 64,
      version: 1,
    })
    const model = await put<{ id: string }>('/api/prices/own', { model: 'openai/gpt-5', input: 1, output: 8 })
    assert.deepEqual(model, {
      id: model.id,
      name: 'own',
      model: 'openai/gpt-5',
      input: 1,
      output: 8,
      cached: null,
      version: 1,
    })
    type Models = { table: { date: string }; items: { model: string; from: string; input: number }[] }
    const known = await castellan.ask<Models>('GET', '/api/model-prices')
    const gpt = known.items.filter(each => each.model === 'openai/gpt-5').map(({ from, input }) => [from, input])
    assert.deepEqual(gpt, [['tenant', 1], ['table', 1.25]]) // prettier-ignore
    const { items } = await castellan.ask<{ items: { name: string }[] }>('GET', '/api/prices')
    assert.deepEqual(items.map(each => each.name), ['mail', 'own']) // prettier-ignore
    for (const name of ['mail', 'own']) await castellan.ask('DELETE', `/api/prices/${name}`)
    await castellan.ask('DELETE', '/api/prices/mail', undefined, 404)
  })

  for (const [what, body] of [
    ['of nothing', {}],
    ['of tools and a model at once', { tools: '*', model: 'a/b', input: 1, output: 1 }],
    ['below zero', { tools: '*', per_call: -1 }],
    ['as text', { tools: '*', per_call: '1' }],
    ['of a model without its output', { model: 'a/b', input: 1 }],
  ] as const) {
    test(`refuse a price ${what}`, async () => {
      assert.equal((await put('/api/prices/bad', body, 400)).code, 'REQUEST_INVALID')
    })
  }
})

describe('the budget of a tenant, set from above,', () => {
  test('bounds it, is shown with what it has spent, and is out of reach of its own administrators', async () => {
    await castellan.ask('POST', '/api/tenants', { id: 'acme' })
    const boss = await hire(castellan, { tenant: 'acme', roles: ['admin', 'operator'] })
    const inAcme = (method: string, path: string, body?: unknown) =>
      ask(castellan, method, path, { key: boss.key, ...(body === undefined ? {} : { body }) })
    const grant = { to: { role: 'admin' }, server: '*', primitive_type: 'tool', name: '*' }
    assert.equal((await inAcme('POST', '/api/mcp-servers', stdioServer('everything'))).status, 201)
    assert.equal((await inAcme('POST', '/api/grants', grant)).status, 201)

    const url = '/api/admin/tenants/acme'
    const set = await put(url, { budget: { unit: 'calls', max_budget: 2, grace: 1 }, description: 'Acme' })
    const budget = {
      tenant_id: 'acme',
      current_spend: 0,
      max_budget: 2,
      grace_threshold: 3,
      unit: 'calls',
      soft: null,
      window: 'total',
      over_soft: 'warn',
      spent: 0,
      reserved: 0,
      unpriced: 0,
      resets_at: null,
    }
    assert.deepEqual([set.id, set.description, set.budget], ['acme', 'Acme', budget])
    for (let n = 0; n < 2; n++) assert.equal((await inAcme('POST', '/api/calls', echo)).status, 200)
    const refused = await inAcme('POST', '/api/calls', echo)
    const { tenant_id, current_spend, max_budget, grace_threshold } = JSON.parse(refused.text)
    assert.deepEqual([refused.status, tenant_id, current_spend, max_budget, grace_threshold], [402, 'acme', 2, 2, 3])
    assert.deepEqual(await castellan.ask('GET', `${url}/budget`), { ...budget, current_spend: 2, spent: 2 })

    for (const [method, path, body] of [
      ['DELETE', '/api/budgets/tenant'],
      ['PUT', '/api/budgets/tenant', { unit: 'calls', limit: 99 }],
      ['PUT', url, { budget: null }],
      ['GET', `${url}/budget`],
    ] as const) {
      assert.equal((await inAcme(method, path, body)).status, 403, `${method} ${path}`)
    }
    const pruning = { manifest: { budgets: [] }, prune: true }
    assert.deepEqual(JSON.parse((await inAcme('POST', '/api/apply', pruning)).text).actions, [])
    assert.equal((await inAcme('GET', '/api/budgets')).text.includes('"imposed":true'), true)

    await put(url, { budget: { unit: 'calls', max_budget: 3 } })
    assert.equal((await inAcme('POST', '/api/calls', echo)).status, 200)
    assert.equal((await put(url, { budget: null })).budget, null)
    assert.equal((await inAcme('POST', '/api/calls', echo)).status, 200)
    await castellan.ask('GET', `${url}/budget`, undefined, 404)
    assert.equal((await put('/api/admin/tenants/nobody', {}, 404)).code, 'NOT_FOUND')
  })

  test('is in money unless something else is said', async () => {
    const { budget } = await put<{ budget: { unit: string; max_budget: number; grace_threshold: number } }>(
      '/api/admin/tenants/default',
      { budget: { max_budget: 100.25, grace: 10 } },
    )
    assert.deepEqual([budget.unit, budget.max_budget, budget.grace_threshold], ['money', 100.25, 110.25])
    await put('/api/admin/tenants/default', { budget: null })
  })
})

test('a manifest declares prices and budgets, of principals by name', async () => {
  const manifest = {
    principals: [{ name: 'night', kind: 'agent' }],
    prices: [{ name: 'all', tools: '*', per_call: 0.01 }],
    budgets: [
      { name: 'night', to: { agent: 'night' }, unit: 'money', limit: 2, window: 'day' },
      { name: 'all', unit: 'calls', limit: 100 },
    ],
  }
  type Answer = { actions: { action: string; kind: string; name: string; changes: string[]; failed: string | null }[] }
  const apply = async (given: unknown, more = {}) => {
    const { actions } = await castellan.ask<Answer>('POST', '/api/apply', { manifest: given, ...more })
    return actions.map(({ action, kind, name, changes, failed }) => [
      action,
      kind,
      name,
      ...changes,
      ...(failed ? [failed] : []),
    ])
  }
  assert.deepEqual(await apply(manifest), [
    ['create', 'principal', 'night'],
    ['create', 'price', 'all'],
    ['create', 'budget', 'night'],
    ['create', 'budget', 'all'],
  ])
  assert.deepEqual(await apply(manifest), [
    ['unchanged', 'principal', 'night'],
    ['unchanged', 'price', 'all'],
    ['unchanged', 'budget', 'night'],
    ['unchanged', 'budget', 'all'],
  ])
  const less = { prices: [], budgets: [{ ...manifest.budgets[0], limit: 3, over_soft: 'approve' }] }
  assert.deepEqual(await apply(less, { prune: true }), [
    ['delete', 'price', 'all'],
    ['update', 'budget', 'night', 'limit', 'over_soft'],
    ['delete', 'budget', 'all'],
  ])
  const other = { budgets: [{ ...less.budgets[0], window: 'month' }] }
  const [[action, , , ...rest] = []] = await apply(other)
  assert.deepEqual([action, rest[0]], ['update', 'window'])
  assert.match(rest.at(-1)!, /cannot be changed \("window" differs\)/)
  const nobody = { budgets: [{ name: 'x', to: { principal: 'nobody' }, unit: 'calls', limit: 1 }] }
  const refused = await castellan.ask('POST', '/api/apply', { manifest: nobody }, 400)
  assert.equal(refused.code, 'REQUEST_INVALID')
  await apply({ budgets: [] }, { prune: true })
})
