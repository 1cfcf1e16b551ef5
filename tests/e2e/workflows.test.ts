import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { Problem, Run, RunLine, Workflow, WorkflowCheck, WorkflowExecution } from '@castellan/contracts'
import { CastellanClient } from '@castellan/sdk'
import { ask } from '../../apps/castellan/src/api/rest/fixtures/asking.ts'
import { hire } from '../../apps/castellan/src/api/rest/fixtures/people.ts'
import { castellanProcess } from '../support/castellan-process.ts'
import { type ControlPlane, controlPlane, stdioServer, until } from '../support/control-plane.ts'

const files = mkdtempSync(join(tmpdir(), 'castellan-workflows-'))
let castellan: ControlPlane

before(async () => {
  writeFileSync(join(files, 'order.txt'), 'bolts,nuts')
  const script = join(files, 'script.json')
  writeFileSync(script, '{"lines": [{"when": {}, "say": "So be it."}]}')
  castellan = await controlPlane({ modelsProviders: JSON.stringify({ acting: { kind: 'scripted', script } }) })
  await castellan.ask('POST', '/api/mcp-servers', { ...stdioServer('filesystem', files), name: 'files' })
  await castellan.ask('POST', '/api/mcp-servers', { ...stdioServer('everything'), name: 'toys' })
})
after(async () => {
  await castellan[Symbol.asyncDispose]()
  rmSync(files, { recursive: true })
})

/** Reads an order, books each thing of it, asks whether to pack, and does: should that fail, what was booked is taken back. */
const shipping = `
name: shipping
nodes:
  - id: order
    type: tool
    tool: files__read_text_file
    args: { path: "=input.folder & '/order.txt'" }
  - id: several
    type: if
    needs: [order]
    condition: $contains(nodes.order.output.text, ',')
    then: [book]
    else: [single]
  - { id: single, type: transform, expression: '"one thing"' }
  - id: book
    type: foreach
    items: $split(nodes.order.output.text, ',')
    concurrency: 2
    do:
      - id: write
        type: tool
        tool: files__write_file
        args: { path: "=input.folder & '/' & item & '.booked'", content: "=item" }
        compensate:
          tool: files__write_file
          args: { path: "=input.folder & '/' & item & '.booked'", content: taken back }
      - id: add
        type: mcp_call
        needs: [write]
        tool: toys__get-sum
        args: { a: "=index", b: 10 }
  - id: ask
    type: approval
    needs: [book, single]
    question: "='Pack ' & $count(nodes.book.output) & ' things?'"
    four_eyes: false
  - id: pack
    type: tool
    needs: [ask]
    tool: files__read_text_file
    args: { path: "=input.folder & '/' & input.list" }
output:
  sums: "=nodes.book.output.text"
  packed: "=nodes.pack.output.text"
`

const waiting = (id: string, on = castellan) =>
  until(
    'it asks',
    () => on.ask<Run>('GET', `/api/runs/${id}`),
    ({ waits = [] }) => waits.length > 0,
  )
const ended = (id: string, on = castellan) =>
  until(
    'it ends',
    () => on.ask<Run>('GET', `/api/runs/${id}`),
    ({ ended_at }) => ended_at !== null,
  )

test('a workflow is kept and run as the guide says', async () => {
  const { url, key } = castellan
  writeFileSync(join(files, 'greeting.txt'), 'good morning')
  const folder = files
  const source = `
name: shout
nodes:
  - id: read
    type: tool
    tool: files__read_text_file
    args: { path: "=input.path" }
  - id: shout
    type: transform
    needs: [read]
    expression: $uppercase(nodes.read.output.text)
`
  // #region workflow
  const client = new CastellanClient({ url, key })
  await client.workflows.put('shout', { source })
  const done = await client.workflows.execute({ workflow_id: 'shout', input: { path: `${folder}/greeting.txt` } })
  // #endregion
  assert.deepEqual([done.success, done.output, done.nodes['read']!.state], [true, 'GOOD MORNING', 'done'])
})

describe('a workflow', () => {
  before(() => castellan.ask('PUT', '/api/workflows/shipping', { source: shipping }))

  const ship = (list: string) =>
    castellan.ask<Run>('POST', '/api/workflows/shipping/runs', { input: { folder: files, list } }, 202)

  test('takes a branch, goes through a loop, and waits for people', async () => {
    const { id } = await ship('order.txt')
    const { waits, nodes } = await waiting(id)
    assert.deepEqual(
      waits!.map(({ step, question, roles }) => [step, question, roles]),
      [['ask', 'Pack 2 things?', ['admin', 'operator']]],
    )
    assert.deepEqual([nodes!['single']!.state, nodes!['ask']!.state], ['skipped', 'waiting'])
    await castellan.ask('POST', `/api/runs/${id}/steps/ask/answer`, { agrees: true }, 202)
    const { state, output } = await ended(id)
    assert.equal(state, 'completed')
    const { sums, packed } = (output as { output: { sums: string[]; packed: string } }).output
    assert.deepEqual([sums.map(sum => /(\d+)\.?$/.exec(sum)![1]), packed], [['10', '11'], 'bolts,nuts'])
    // Each of its calls went through the gate.
    const { items } = await castellan.ask<{ items: RunLine[] }>('GET', `/api/runs/${id}/lines`)
    const calls = items.filter(({ type }) => type === 'tool.ended').map(({ data }) => String(data['call']))
    assert.equal(calls.length, 6)
    for (const call of calls)
      assert.equal((await castellan.ask<{ outcome: string }>('GET', `/api/calls/${call}`)).outcome, 'ok')
  })

  test('takes back what it did when it fails, and when it is cancelled', async () => {
    const booked = () => ['bolts', 'nuts'].map(name => readFileSync(join(files, `${name}.booked`), 'utf8'))
    const failing = await ship('nothing.txt')
    await waiting(failing.id)
    assert.deepEqual(booked(), ['bolts', 'nuts'])
    await castellan.ask('POST', `/api/runs/${failing.id}/steps/ask/answer`, { agrees: true }, 202)
    const failed = await ended(failing.id)
    assert.match(failed.error!, /^the node "pack" failed: .*(ENOENT|no such file)/)
    assert.deepEqual(booked(), ['taken back', 'taken back'])
    const cancelled = await ship('order.txt')
    await waiting(cancelled.id)
    assert.deepEqual(booked(), ['bolts', 'nuts'])
    await castellan.ask('POST', `/api/runs/${cancelled.id}/cancel`, undefined, 202)
    assert.equal((await ended(cancelled.id)).state, 'cancelled')
    assert.deepEqual(booked(), ['taken back', 'taken back'])
  })

  test('finishes on the definition that it began with', async () => {
    const one = (word: string) =>
      `name: word\nnodes:\n  - { id: w, type: wait, signal: go }\n  - { id: t, type: transform, needs: [w], expression: '"${word}"' }\n`
    const put = (word: string) => castellan.ask<Workflow>('PUT', '/api/workflows/word', { source: one(word) })
    assert.equal((await put('old')).version, 1)
    const { id } = await castellan.ask<Run>('POST', '/api/workflows/word/runs', {}, 202)
    assert.equal((await put('new')).version, 2)
    assert.equal((await put('new')).version, 2)
    await castellan.ask('POST', `/api/runs/${id}/signals/go`, null, 202)
    assert.equal(((await ended(id)).output as { output: string }).output, 'old')
    await castellan.ask('DELETE', '/api/workflows/word', undefined, 204)
    await castellan.ask('POST', '/api/workflows/word/runs', {}, 404)
  })

  test('is called from outside at the address it shows, without a key, and once', async () => {
    const source = 'name: call\nnodes: [{ id: paid, type: wait, webhook: true }]'
    const { run_id: id, ...begun } = await castellan.ask<WorkflowExecution>(
      'POST',
      '/workflows/execute',
      { source, timeout_seconds: 1 },
      202,
    )
    assert.deepEqual([begun.success, begun.nodes['paid']!.state], [false, 'waiting'])
    const { waits } = await waiting(id)
    const { url } = waits![0]!
    const post = (to: string) =>
      fetch(to, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"sum":3}' })
    assert.equal((await post(`${url!.slice(0, -2)}xx`)).status, 404)
    assert.equal((await post(url!)).status, 202)
    assert.deepEqual(((await ended(id)).output as { output: unknown }).output, { sum: 3 })
    assert.equal((await post(url!)).status, 409)
  })

  test('is answered by those who have the role, and by nobody else', async () => {
    const source = 'name: q\nnodes: [{ id: ok, type: approval, question: Well?, roles: [operator] }]'
    const { run_id: id } = await castellan.ask<WorkflowExecution>(
      'POST',
      '/workflows/execute',
      { source, timeout_seconds: 1 },
      202,
    )
    const olga = await hire(castellan, { roles: ['operator'] })
    const ann = await hire(castellan, { roles: ['member'], scopes: ['mcp', 'read', 'write'] })
    const answer = async (key: string) =>
      (await ask(castellan, 'POST', `/api/runs/${id}/steps/ok/answer`, { key, body: { agrees: false, reason: 'no' } }))
        .status
    assert.equal(await answer(ann.key), 403)
    assert.equal(await answer(castellan.key), 403)
    assert.equal(await answer(olga.key), 202)
    assert.equal((await ended(id)).error, 'the node "ok" failed: it was refused: no')
  })

  test('whose agents have no budget left is answered with how that stands, however deep they are', async () => {
    const { id } = await castellan.ask<{ id: string }>('POST', '/api/agents', { name: 'poor', llm_config: { provider: 'acting', model: 'm' } }, 201) // prettier-ignore
    await castellan.ask('POST', '/api/teams', { name: 'poor', members: [{ agent: 'poor' }], protocol: { type: 'sequential' } }, 201) // prettier-ignore
    await castellan.ask('PUT', '/api/budgets/poor', { to: { agent: id }, unit: 'tokens', limit: 1 })
    const team = { id: 'ask', type: 'team', team: 'poor', input: 'hello' }
    await castellan.ask('PUT', '/api/workflows/inner', { definition: { name: 'inner', nodes: [team] } })
    const execute = (nodes: readonly object[], expect: number) =>
      castellan.ask<Problem>(
        'POST',
        '/workflows/execute',
        { definition: { name: 'outer', nodes }, input: null },
        expect,
      )
    const agent = { id: 'ask', type: 'agent', agent: 'poor', message: 'hello' }
    for (const node of [agent, team, { id: 'ask', type: 'workflow', workflow: 'inner' }]) {
      const { code, unit, max_budget, detail } = await execute([node], 402)
      assert.deepEqual([code, unit, max_budget], ['denied_budget', 'tokens', 1])
      assert.match(detail, /the node "ask" failed: .*the budget "poor" is spent/)
    }
    // It is not why this one failed.
    const lost = { id: 'lost', type: 'tool', tool: 'files__read_text_file', args: { path: 'nowhere' }, needs: ['ask'] }
    const other = (await execute([{ ...agent, on_error: 'continue' }, lost], 500)) as unknown as WorkflowExecution
    assert.match(other.error!, /the node "lost" failed/)
    assert.match(other.nodes['ask']!.error!.message, /the budget "poor" is spent/)
  })

  describe('whose tool a budget has no room for', () => {
    const message = { message: 'hi' }
    const spent = { id: 'spent', type: 'tool', tool: 'toys__echo', args: message }
    const rules = [
      { when: 'iteration = 1', do: { tool: 'toys__echo', args: message } },
      { when: "observations[0].outcome = 'ok'", do: { answer: 'done' } },
    ]
    const clerk = { assigned_mcp_tools: [{ name: 'echo', mcp_server_id: 'toys' }], brain: { kind: 'rules', rules } }
    before(async () => {
      await castellan.ask('PUT', '/api/workflows/spending', { definition: { name: 'spending', nodes: [spent] } })
      await castellan.ask('POST', '/api/agents', { name: 'clerk', ...clerk }, 201)
      await castellan.ask('POST', '/api/teams', { name: 'clerks', members: [{ agent: 'clerk' }], protocol: { type: 'parallel' } }, 201) // prettier-ignore
      await castellan.ask('PUT', '/api/budgets/nothing', { to: { each: 'run' }, unit: 'calls', limit: 0 })
    })
    after(() => castellan.ask('DELETE', '/api/budgets/nothing'))

    const execute = <T>(nodes: readonly object[], expect: number) =>
      castellan.ask<T>('POST', '/workflows/execute', { definition: { name: 'outer', nodes }, input: null }, expect)

    for (const [what, node] of [
      ['by itself', spent],
      ['in a loop', { id: 'loop', type: 'foreach', items: '[1, 2]', do: [spent] }],
      ['in a branch', { id: 'both', type: 'parallel', branches: { one: [spent], other: [{ id: 'b', type: 'transform', expression: '1' }] } }], // prettier-ignore
      ['in a workflow inside of it', { id: 'inner', type: 'workflow', workflow: 'spending' }],
      ['in an agent that does not take it up', { id: 'clerk', type: 'agent', agent: 'clerk', message: 'hi' }],
      ['in a team of such agents', { id: 'team', type: 'team', team: 'clerks', input: 'hi' }],
    ] as const) {
      test(`${what}, is answered with how that stands`, async () => {
        const { detail, run_id: run, ...problem } = await execute<Problem>([node], 402)
        assert.match(detail, /^the node "\w+" failed: .*(the budget is spent|no rule fits in turn 2, after the tool "\w+" came to denied_budget)/) // prettier-ignore
        assert.equal((await ended(run!)).state, 'failed')
        assert.deepEqual(problem, {
          type: 'https://castellan.dev/errors/denied_budget',
          title: 'Payment Required',
          status: 402,
          code: 'denied_budget',
          retryable: false,
          tenant_id: 'default',
          current_spend: 0,
          max_budget: 0,
          grace_threshold: 0,
          unit: 'calls',
          resets_at: null,
        })
      })
    }

    test('has not failed of it when its error was taken up', async () => {
      const after = { id: 'after', type: 'transform', needs: ['spent'], expression: 'nodes.spent.error' }
      const { output } = await execute<WorkflowExecution>([{ ...spent, on_error: 'continue' }, after], 200)
      assert.deepEqual(output, { code: 'denied_budget', message: 'The call was refused: the budget is spent.' })
      const lost = { id: 'lost', type: 'transform', needs: ['spent'], expression: '$error("gone")' }
      const { error } = await execute<WorkflowExecution>([{ ...spent, on_error: 'continue' }, lost], 500)
      assert.match(error!, /the node "lost" failed/)
    })

    test('is answered so for an agent and a team by themselves, too', async () => {
      const both = [
        ['/agent/execute', { agent_id: 'clerk' }],
        ['/api/teams/clerks/execute', {}],
      ] as const
      for (const [path, who] of both) {
        const { code, unit } = await castellan.ask<Problem>('POST', path, { ...who, user_message: 'hi' }, 402)
        assert.deepEqual([code, unit], ['denied_budget', 'calls'])
      }
    })
  })

  test('that is not right is refused, with every place where it is not', async () => {
    const source = 'name: x\nnodes:\n  - { id: a, type: tool, tool: t, needs: [b] }\n  - { id: c, type: loop }\n'
    const problem = await castellan.ask<Problem>('PUT', '/api/workflows/x', { source }, 400)
    assert.equal(problem.code, 'WORKFLOW_INVALID')
    assert.match(problem.detail, /line 4, column 20: node "c": must be one of tool/)
    const fixed = source.replace('loop', 'transform, expression: "1"')
    const check = await castellan.ask<WorkflowCheck>('POST', '/api/workflows/validate', { source: fixed })
    assert.deepEqual(
      check.problems.map(({ at, node, line, column }) => [at, node, line, column]),
      [['/nodes/0/needs/0', 'a', 3, 43]],
    )
    const nobody = 'name: x\nnodes: [{ id: a, type: agent, agent: nobody, message: hi }]'
    const refused = await castellan.ask<Problem>('POST', '/workflows/execute', { source: nobody }, 400)
    assert.match(refused.detail, /names the agent "nobody"/)
  })
})

test('a workflow goes on where it was when its control plane is killed and starts again', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'castellan-killed-'))
  const order = join(files, 'killed.txt')
  const source = `
name: killed
nodes:
  - { id: write, type: tool, tool: files__write_file, args: { path: "=input", content: done } }
  - { id: pause, type: wait, needs: [write], signal: go }
  - { id: read, type: tool, needs: [pause], tool: files__read_text_file, args: { path: "=input" } }
output: =nodes.read.output.text
`
  try {
    let id: string
    {
      await using first = await castellanProcess(folder)
      const at = asking(first)
      await at('POST', '/api/mcp-servers', { ...stdioServer('filesystem', files), name: 'files' })
      await at('PUT', '/api/workflows/killed', { source })
      id = ((await at('POST', '/api/workflows/killed/runs', { input: order })) as Run).id
      await until(
        'it waits',
        async () => (await at('GET', `/api/runs/${id}`)) as Run,
        ({ waits = [] }) => waits.length > 0,
      )
      assert.ok(existsSync(order))
      first.signal('SIGKILL')
      await first.ended
    }
    await using second = await castellanProcess(folder)
    const at = asking(second)
    await at('POST', `/api/runs/${id}/signals/go`, null)
    const done = await until(
      'it ends',
      async () => (await at('GET', `/api/runs/${id}`)) as Run,
      ({ ended_at }) => ended_at !== null,
    )
    assert.equal((done.output as { output: string }).output, 'done')
    const { items } = (await at('GET', `/api/runs/${id}/lines`)) as { items: RunLine[] }
    assert.equal(items.filter(({ type }) => type === 'tool.requested').length, 2)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

function asking(on: { readonly url: string; readonly key: string }) {
  return async (method: string, path: string, body?: unknown): Promise<unknown> =>
    JSON.parse((await ask(on, method, path, { body })).text)
}
