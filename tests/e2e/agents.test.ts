import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { Agent, AgentExecution, Run, RunLine } from '@castellan/contracts'
import { CastellanClient } from '@castellan/sdk'
import { ask } from '../../apps/castellan/src/api/rest/fixtures/asking.ts'
import { hire } from '../../apps/castellan/src/api/rest/fixtures/people.ts'
import { castellanProcess } from '../support/castellan-process.ts'
import { type ControlPlane, controlPlane, stdioServer, until } from '../support/control-plane.ts'

const files = mkdtempSync(join(tmpdir(), 'castellan-agents-'))
const order = join(files, 'order.txt')
const script = join(files, 'script.yaml')
const providers = JSON.stringify({ acting: { kind: 'scripted', script } })
let castellan: ControlPlane

before(async () => {
  writeFileSync(order, 'Order 17: twelve bolts')
  writeFileSync(
    script,
    JSON.stringify({
      lines: [
        { when: { turn: 1, contains: 'read twice' }, call: [read(order), read(join(files, 'nothing.txt'))] },
        { when: { turn: 1, contains: 'write' }, call: [write('note.txt', 'noted')] },
        { when: { turn: 1, contains: '[redacted:card]' }, say: 'I saw no card.' },
        { when: { turn: 1, contains: 'order' }, call: [read(order)] },
        { when: { turn: 1, contains: 'teapot' }, call: [{ tool: 'files__brew', args: {} }] },
        { when: { contains: 'Answer now' }, say: 'What I have: bolts.' },
        { when: { model: 'looper' }, call: [read(order)] },
        { when: { contains: 'slow' }, say: 'late', delay: '60s' },
        { when: { contains: 'Order 17', model: 'slow' }, say: 'Twelve bolts, late.', delay: '2s' },
        { when: { contains: 'Order 17' }, say: 'Twelve bolts.' },
        { when: { contains: 'There is no tool' }, say: 'No teapot here.' },
        { when: { contains: 'refused' }, say: 'I may not.' },
        { when: { contains: 'ok' }, say: 'Written.' },
        { when: { contains: 'Successfully' }, say: 'Written.' },
        { say: 'I know of no such thing.' },
      ],
    }),
  )
  castellan = await controlPlane({ modelsProviders: providers })
  await castellan.ask('POST', '/api/mcp-servers', { ...stdioServer('filesystem', files), name: 'files' })
})
after(async () => {
  await castellan[Symbol.asyncDispose]()
  rmSync(files, { recursive: true })
})

function read(path: string) {
  return { tool: 'files__read_text_file', args: { path } }
}

function write(name: string, content: string) {
  return { tool: 'files__write_file', args: { path: join(files, name), content } }
}

async function clerk(on: ControlPlane, said: object = {}): Promise<Agent> {
  const name = `clerk-${Math.random().toString(36).slice(2, 8)}`
  const llm = { llm_config: { provider: 'acting', model: 'clerk' } }
  return on.ask<Agent>('POST', '/api/agents', { name, ...llm, available_mcps: ['files'], ...said })
}

const execute = (agent: Agent, user_message: string, expect = 200, more: object = {}) =>
  castellan.ask<AgentExecution>(
    'POST',
    '/api/agent-execution/execute',
    { agent_id: agent.id, user_message, ...more },
    expect,
  )

test('an agent is run as the guide says', async () => {
  const { url, key } = castellan
  // #region agent
  const client = new CastellanClient({ url, key })
  await client.agents.create({
    name: 'clerk',
    system_prompt: 'You answer questions about orders.',
    llm_config: { provider: 'acting', model: 'clerk' },
    assigned_mcp_tools: [{ name: 'read_text_file', mcp_server_id: 'files' }],
  })
  const { response, tool_calls, run_id } = await client.agents.execute({
    agent_id: 'clerk',
    user_message: 'What is in the order?',
  })
  // #endregion
  assert.deepEqual([response, tool_calls.length], ['Twelve bolts.', 1])
  assert.equal((await client.runs.get(run_id)).state, 'completed')
  const { items } = await client.runs.list({ state: 'completed', name: 'clerk' })
  assert.deepEqual(
    items.map(({ id }) => id),
    [run_id],
  )
})

test('an agent goes by rules as the guide says', async () => {
  const { url, key } = castellan
  const folder = files
  // #region rules
  const client = new CastellanClient({ url, key })
  await client.agents.create({
    name: 'reader',
    brain: {
      kind: 'rules',
      rules: [
        { when: 'observations[-1].is_error', do: { answer: "='It is not there: ' & observations[-1].text" } },
        { when: '$count(observations) > 0', do: { answer: '=observations[-1].text' } },
        { when: '$exists(context.path)', do: { tool: 'files__read_text_file', args: { path: '=context.path' } } },
        { when: 'true', do: { answer: 'Which file?' } },
      ],
    },
    available_mcps: ['files'],
  })
  const { response, model_used } = await client.agents.execute({
    agent_id: 'reader',
    user_message: 'What is in the order?',
    context: { path: `${folder}/order.txt` },
  })
  // #endregion
  assert.deepEqual([response, model_used], ['Order 17: twelve bolts', null])
  const say = async (context: Record<string, unknown>) =>
    (await client.agents.execute({ agent_id: 'reader', user_message: 'Read it', context })).response
  assert.equal(await say({}), 'Which file?')
  assert.match(await say({ path: join(files, 'nothing.txt') }), /^It is not there: .*(ENOENT|no such file)/)
  const { llm_config, brain } = await client.agents.get('reader')
  assert.deepEqual([llm_config, brain?.rules.length], [undefined, 4])
})

test('an agent has either a model or rules, and rules that are some', async () => {
  const answer = { answer: 'yes' }
  const refused = async (said: object) =>
    (await castellan.ask<{ detail: string }>('POST', '/api/agents', { name: 'odd', ...said }, 400)).detail
  const brain = { kind: 'rules', rules: [{ when: 'true', do: answer }] }
  const llm_config = { provider: 'acting', model: 'clerk' }
  for (const said of [{}, { brain, llm_config }]) assert.match(await refused(said), /either this or "brain"/)
  const wrong = {
    kind: 'rules',
    rules: [
      { when: 'true', do: answer },
      { when: '$sum(', do: answer },
    ],
  }
  assert.match(await refused({ brain: wrong }), /brain\.rules\.1\.when: is no expression: .+end of expression/)
  assert.match(await refused({ brain: { kind: 'rules', rules: [{ when: 'true', do: {} }] } }), /brain\/rules\/0\/do/)
})

describe('an agent', () => {
  test('answers with what its tools told it, and its execution tells which', async () => {
    const agent = await clerk(castellan)
    const done = await execute(agent, 'What is in the order?')
    assert.deepEqual(
      [done.success, done.response, done.error, done.model_used],
      [true, 'Twelve bolts.', null, 'acting/clerk'],
    )
    assert.deepEqual(
      done.tool_calls.map(({ tool_name, tool_input, tool_output }) => [tool_name, tool_input, tool_output]),
      [['files__read_text_file', { path: order }, 'Order 17: twelve bolts']],
    )
    const run = await castellan.ask<Run>('GET', `/api/runs/${done.run_id}`)
    assert.equal(run.state, 'completed')
    const { items } = await castellan.ask<{ items: RunLine[] }>('GET', `/api/runs/${done.run_id}/lines`)
    const call = items.find(({ type }) => type === 'tool.ended')!.data['call'] as string
    const known = await castellan.ask<{ outcome: string; correlation_id: string }>('GET', `/api/calls/${call}`)
    assert.equal(known.outcome, 'ok')
    assert.equal(known.correlation_id, run.correlation_id)
  })

  test('is asked by the short path as well, and by name', async () => {
    const agent = await clerk(castellan)
    const done = await castellan.ask<AgentExecution>('POST', '/agent/execute', {
      agent_id: agent.name,
      user_message: 'What is in the order?',
    })
    assert.equal(done.response, 'Twelve bolts.')
  })

  test('learns of a failing call beside one that does not', async () => {
    const done = await execute(await clerk(castellan), 'Please read twice')
    assert.equal(done.response, 'Twelve bolts.')
    assert.equal(done.tool_calls.length, 2)
    assert.match(done.tool_calls[1]!.tool_output, /no such file|ENOENT/i)
  })

  test('that wants a tool it has not is told which there are, and nothing is called', async () => {
    const done = await execute(await clerk(castellan), 'Use the teapot')
    assert.equal(done.response, 'No teapot here.')
    assert.deepEqual(done.tool_calls, [])
  })

  test('has the tools that were assigned, and no others', async () => {
    const agent = await clerk(castellan, { available_mcps: [] })
    assert.equal((await execute(agent, 'What is in the order?')).response, 'No teapot here.')
    await castellan.ask('POST', `/api/agents/${agent.id}/assigned-mcp-tools`, {
      assigned_mcp_tools: [{ name: 'read_text_file', mcp_server_id: 'files' }],
    })
    assert.equal((await execute(agent, 'What is in the order?')).response, 'Twelve bolts.')
  })

  test('that repeats itself hands back what it has', async () => {
    const done = await execute(
      await clerk(castellan, { max_iterations: 5, llm_config: { provider: 'acting', model: 'looper' } }),
      'Look it up',
    )
    assert.equal(done.success, true)
    assert.equal(done.response, 'What I have: bolts.')
    assert.match(done.error!, /all its turns/)
    // The same is asked for three times at most.
    assert.equal(done.tool_calls.length, 3)
  })

  test('that nobody knows is not found, and neither is one of another tenant; a bad wish is told what is wrong', async () => {
    const nobody = '01932c07-209d-7a51-9b2e-5a8d7c1f3e64'
    await castellan.ask('POST', '/api/agent-execution/execute', { agent_id: nobody, user_message: 'x' }, 404)
    const problem = await castellan.ask<{ detail: string }>('POST', '/api/agents', { name: 'x y' }, 400)
    assert.match(problem.detail, /name|llm_config/)
    const agent = await clerk(castellan)
    await castellan.ask(
      'POST',
      `/api/agents/${agent.id}/assigned-mcp-tools`,
      { assigned_mcp_tools: [{ name: 'x', mcp_server_id: 'none' }] },
      400,
    )
  })

  test('is told no personal data, and says none', async () => {
    const done = await execute(await clerk(castellan), 'My card is 4111 1111 1111 1111.')
    assert.equal(done.response, 'I saw no card.')
    const { items } = await castellan.ask<{ items: RunLine[] }>('GET', `/api/runs/${done.run_id}/lines`)
    const { guardrail } = items.find(({ type }) => type === 'model.ended')!.data
    assert.deepEqual(guardrail, [{ metric: 'pii', category: 'card', action: 'redact' }])
  })

  test('is not asked once the budget for its tokens is spent, and its caller learns how that stands', async () => {
    const agent = await clerk(castellan)
    const budget = { to: { agent: agent.id }, unit: 'tokens', limit: 10, grace: 100_000 }
    await castellan.ask('PUT', '/api/budgets/clerk', budget)
    try {
      assert.equal((await execute(agent, 'hello')).response, 'I know of no such thing.')
      const refused = await execute(agent, 'hello', 402)
      const { code, max_budget, current_spend, unit, tenant_id } = refused as unknown as Record<string, unknown>
      assert.deepEqual([code, max_budget, unit, tenant_id], ['denied_budget', 10, 'tokens', 'default'])
      assert.ok(Number(current_spend) > 10)
    } finally {
      await castellan.ask('DELETE', '/api/budgets/clerk')
    }
  })

  test('whose model is not there fails with a sentence', async () => {
    const agent = await clerk(castellan, { llm_config: { provider: 'nobody', model: 'm' } })
    const done = await execute(agent, 'hello', 500)
    assert.equal(done.success, false)
    assert.match(done.error!, /nobody/)
  })
})

describe('a run of an agent', () => {
  test('ends within moments when it is cancelled while the model thinks', async () => {
    const agent = await clerk(castellan)
    const run = await castellan.ask<Run>('POST', `/api/agents/${agent.id}/runs`, { user_message: 'slow' }, 202)
    const look = () => castellan.ask<Run>('GET', `/api/runs/${run.id}`)
    await until('it runs', look, ({ state }) => state === 'running')
    await castellan.ask('POST', `/api/runs/${run.id}/cancel`, undefined, 202)
    await until('it is cancelled', look, ({ state }) => state === 'cancelled')
    await castellan.ask('POST', `/api/runs/${run.id}/cancel`, undefined, 409)
  })

  test('waits for people, and goes on when they agree', async () => {
    const policy = await castellan.ask<{ files: Record<string, string> }>('GET', '/api/policies')
    await castellan.ask('PUT', '/api/policies', { files: { 'house.cedar': APPROVE_WRITES } })
    try {
      const agent = await clerk(castellan)
      await castellan.ask('POST', '/api/grants', {
        to: { role: 'member' },
        server: 'files',
        primitive_type: 'tool',
        name: '*',
      })
      const ann = await hire(castellan, { scopes: ['mcp', 'read'] })
      const olga = await hire(castellan, { roles: ['operator'] })
      const start = { user_message: 'write it down' }
      const begun = await ask(castellan, 'POST', `/api/agents/${agent.id}/runs`, { key: ann.key, body: start })
      const run = JSON.parse(begun.text) as Run
      const look = () => castellan.ask<Run>('GET', `/api/runs/${run.id}`)
      await until('it waits', look, ({ state }) => state === 'waiting')
      const { items } = await castellan.ask<{ items: { id: string }[] }>('GET', '/api/approvals?state=pending')
      assert.ok(!existsSync(join(files, 'note.txt')))
      await ask(castellan, 'POST', `/api/approvals/${items[0]!.id}/approve`, { key: olga.key, body: {} })
      const done = await until('it ends', look, ({ state }) => state === 'completed' || state === 'failed')
      assert.equal((done.output as { response: string }).response, 'Written.')
      assert.equal(readFileSync(join(files, 'note.txt'), 'utf8'), 'noted')
    } finally {
      await castellan.ask('PUT', '/api/policies', { files: policy.files })
    }
  })

  test('goes on where it was when its control plane is killed and starts again', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'castellan-killed-'))
    const config = join(folder, 'castellan.yaml')
    writeFileSync(
      config,
      JSON.stringify({ settings: { models: { providers: { acting: { kind: 'scripted', script } } } } }),
    )
    try {
      let run: Run
      {
        await using first = await castellanProcess(folder, '--config', config)
        const at = asking(first)
        await at('POST', '/api/mcp-servers', { ...stdioServer('filesystem', files), name: 'files' })
        const llm_config = { provider: 'acting', model: 'slow' }
        await at('POST', '/api/agents', { name: 'clerk', llm_config, available_mcps: ['files'] })
        run = (await at('POST', '/api/agents/clerk/runs', { user_message: 'What is in the order?' })) as Run
        const lines = async () => ((await at('GET', `/api/runs/${run.id}/lines`)) as { items: RunLine[] }).items
        await until('the tool was called', lines, items => items.some(({ type }) => type === 'tool.ended'))
        first.signal('SIGKILL')
        await first.ended
      }
      await using second = await castellanProcess(folder, '--config', config)
      const at = asking(second)
      const done = await until(
        'it ends',
        async () => (await at('GET', `/api/runs/${run.id}`)) as Run,
        ({ ended_at }) => ended_at !== null,
      )
      assert.equal((done.output as { response: string }).response, 'Twelve bolts, late.')
      const { items } = (await at('GET', `/api/runs/${run.id}/lines`)) as { items: RunLine[] }
      const types = items.map(({ type }) => type)
      assert.deepEqual(types, [
        'run.queued',
        'run.started',
        'model.requested',
        'model.ended',
        'tool.requested',
        'tool.ended',
        'model.requested',
        'model.ended',
        'run.completed',
      ])
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})

function asking(castellan: { readonly url: string; readonly key: string }) {
  return async (method: string, path: string, body?: unknown): Promise<unknown> =>
    JSON.parse((await ask(castellan, method, path, { body })).text)
}

const APPROVE_WRITES = `
@id("all") permit (principal, action, resource) unless { resource == Capability::"files/write_file" };
@id("writes") @require_approval("writes are read first")
permit (principal, action, resource == Capability::"files/write_file");
`
