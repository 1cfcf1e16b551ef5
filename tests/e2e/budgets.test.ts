import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { castellanProcess, castellanProcessUnder } from '../support/castellan-process.ts'
import { type ControlPlane, controlPlane, stdioServer, until } from '../support/control-plane.ts'
import { callTool, connect } from '../support/mcp-client.ts'
import { adminOf, type Rest } from '../support/rest.ts'

const echo = 'everything__echo'
const slow = 'everything__trigger-long-running-operation'
/** What server-everything says of its tools is not believed: each call is unsafe, so its intent is on disk first. */
const everything = { ...stdioServer('everything'), trusted: false }

interface Account {
  readonly subject: string | null
  readonly spent: number
  readonly reserved: number
  readonly unpriced: number
}

describe('a budget of 20 calls', () => {
  let castellan: ControlPlane
  before(async () => {
    castellan = await controlPlane()
    await castellan.ask('POST', '/api/mcp-servers', everything)
    await castellan.ask('PUT', '/api/budgets/twenty', { unit: 'calls', limit: 20 })
  })
  after(() => castellan[Symbol.asyncDispose]())

  test('lets exactly 20 of 50 through that come at once over REST and MCP, and says over each that it is spent', async () => {
    await using legacy = await connect(castellan, '2025-11-25')
    await using modern = await connect(castellan, '2026-07-28')
    const rest = async () => {
      const response = await fetch(`${castellan.url}/api/calls`, {
        method: 'POST',
        headers: { authorization: `Bearer ${castellan.key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ name: echo, args: { message: 'hi' } }),
      })
      const { outcome, code } = (await response.json()) as { outcome?: string; code?: string }
      if (response.status === 402) assert.equal(code, 'denied_budget')
      return outcome ?? code!
    }
    const mcp = async (client: typeof legacy) => {
      const { outcome, text } = await callTool(client, echo, { message: 'hi' })
      if (outcome !== 'ok') assert.equal(text, 'The call was refused: the budget is spent.')
      return outcome
    }
    const asked = Array.from({ length: 50 }, (_, n) => (n % 3 === 0 ? rest() : mcp(n % 3 === 1 ? legacy : modern)))
    const outcomes = await Promise.all(asked)
    const of = (wanted: string) => outcomes.filter(each => each === wanted).length
    assert.deepEqual([of('ok'), of('denied_budget')], [20, 30])
    const [account] = await usageOf(castellan, 'twenty')
    assert.deepEqual(account, { subject: null, spent: 20, reserved: 0, unpriced: 0 })
  })

  test('is still spent after a restart, and has room again when it is raised', async () => {
    castellan = await castellan.restart()
    const call = { name: echo, args: { message: 'hi' } }
    const refused = await castellan.ask('POST', '/api/calls', call, 402)
    assert.deepEqual([refused.current_spend, refused.max_budget, refused.grace_threshold], [20, 20, 20])
    await castellan.ask('PUT', '/api/budgets/twenty', { unit: 'calls', limit: 21 })
    assert.equal((await castellan.ask('POST', '/api/calls', call)).outcome, 'ok')
    await castellan.ask('POST', '/api/calls', call, 402)
  })
})

describe('a budget, in a process of its own,', () => {
  let folder: string
  before(async () => void (folder = await mkdtemp(join(tmpdir(), 'castellan-budget-'))))
  after(() => rm(folder, { recursive: true }))

  test('has room again when its month is over', async () => {
    const data = join(folder, 'month')
    const call = { body: { name: echo, args: { message: 'hi' } } }
    {
      await using castellan = await castellanProcess(data, '--log-level', 'error')
      const rest = await adminOf(castellan.url, data)
      await rest.must('POST', '/api/mcp-servers', { body: everything })
      await rest.must('PUT', '/api/budgets/monthly', { body: { unit: 'calls', limit: 1, window: 'month' } })
      await rest.must('POST', '/api/calls', call)
      assert.equal((await rest.ask('POST', '/api/calls', call)).status, 402)
      castellan.signal('SIGTERM')
      await castellan.ended
    }
    await using later = await castellanProcessUnder([`--import=${clockAhead(32)}`], data, '--log-level', 'error')
    const rest = await adminOf(later.url, data)
    await rest.must('POST', '/api/calls', call)
    assert.equal((await rest.ask('POST', '/api/calls', call)).status, 402)
  })

  test('counts what was under way when the process was killed, as the journal has it, and nothing twice', async () => {
    const data = join(folder, 'killed')
    {
      await using castellan = await castellanProcess(data, '--log-level', 'error')
      const rest = await adminOf(castellan.url, data)
      await rest.must('POST', '/api/mcp-servers', { body: everything })
      await rest.must('PUT', '/api/prices/slow', { body: { tools: '*', per_call: 0.5, per_kb: 0.001, most_kb: 100 } })
      await rest.must('PUT', '/api/budgets/money', { body: { unit: 'money', limit: 100 } })
      await rest.must('PUT', '/api/budgets/runs', { body: { to: { each: 'run' }, unit: 'calls', limit: 50 } })
      const call = (name: string, args: object) =>
        rest.ask('POST', '/api/calls', { body: { name, args, run_id: 'r1' } }).catch(() => undefined)
      for (let n = 0; n < 3; n++) await call(echo, { message: 'hi' })
      const cut = Array.from({ length: 5 }, () => call(slow, { duration: 60, steps: 60 }))
      // What is held may not have been written yet; what is written is.
      await until(
        'the calls are under way',
        () => rest.all('/api/journal?topic=call.intended'),
        intended => intended.length === 8,
      )
      assert.equal((await usageOf(rest, 'money'))[0]!.reserved, 3)
      castellan.signal('SIGKILL')
      await castellan.ended
      await Promise.all(cut)
    }
    await using again = await castellanProcess(data, '--log-level', 'error')
    const rest = await adminOf(again.url, data)
    const [money] = await usageOf(rest, 'money')
    // Three short ones with a kilobyte of result each, and five in full.
    assert.deepEqual(money, { subject: null, spent: 3 * 0.501 + 5 * 0.6, reserved: 0, unpriced: 0 })
    const [run] = await usageOf(rest, 'runs')
    assert.deepEqual(run, { subject: 'r1', spent: 8, reserved: 0, unpriced: 0 })
    assert.deepEqual(await journaled(rest), { [`money `]: money.spent * 1_000_000, [`runs r1`]: 8 })
  })
})

async function usageOf(rest: Rest | ControlPlane, name: string): Promise<readonly Account[]> {
  const path = `/api/budgets/${name}/usage`
  const asked =
    'must' in rest ? rest.must<{ items: Account[] }>('GET', path) : rest.ask<{ items: Account[] }>('GET', path)
  return (await asked).items
}

/** What the ends of calls in the journal add up to, by budget and subject. */
async function journaled(rest: Rest): Promise<Record<string, number>> {
  const budgets = await rest.all<{ id: string; name: string }>('/api/budgets')
  const ends = await rest.all<{
    data: { charges: { accounts: { amount: number; budget: string; subject: string }[] } }
  }>('/api/journal?topic=call.ended')
  const sums: Record<string, number> = {}
  for (const { data } of ends) {
    for (const { amount, budget, subject } of data.charges.accounts) {
      const key = `${budgets.find(each => each.id === budget)?.name} ${subject}`
      sums[key] = (sums[key] ?? 0) + amount
    }
  }
  return sums
}

/** A module that sets the clock of a process so many days ahead. */
function clockAhead(days: number): string {
  const code = `
    const Real = Date
    const now = () => Real.now() + ${days * 86_400_000}
    globalThis.Date = class extends Real {
      constructor(...given) { given.length > 0 ? super(...given) : super(now()) }
      static now() { return now() }
    }`
  return `data:text/javascript,${encodeURIComponent(code)}`
}
