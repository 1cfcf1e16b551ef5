import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { Problem, Run, RunLine, Team, TeamExecution, TeamInput } from '@castellan/contracts'
import { CastellanClient } from '@castellan/sdk'
import { ask } from '../../apps/castellan/src/api/rest/fixtures/asking.ts'
import { hire } from '../../apps/castellan/src/api/rest/fixtures/people.ts'
import { castellanProcess } from '../support/castellan-process.ts'
import { type ControlPlane, controlPlane, stdioServer, until } from '../support/control-plane.ts'

const files = mkdtempSync(join(tmpdir(), 'castellan-teams-'))
const order = join(files, 'order.txt')
const script = join(files, 'script.json')
let castellan: ControlPlane

/** What each of the three says, by the words it is told. */
const debate = [
  ['ada', 'bricks', 'bricks', 'wood'],
  ['bob', 'wood', 'wood', 'wood'],
  ['cid', 'straw', 'wood', 'cid'],
] as const

before(async () => {
  writeFileSync(order, 'Order 17: twelve bolts')
  writeFileSync(
    script,
    JSON.stringify({
      lines: [
        { when: { model: 'reader', after_tool: 'files__read_text_file' }, say: 'It is about bolts.' },
        { when: { model: 'reader' }, call: [{ tool: 'files__read_text_file', args: { path: order } }] },
        { when: { model: 'writer', contains: 'It is about bolts.' }, say: 'A summary of bolts.' },
        { when: { model: 'writer', contains: 'A summary of bolts.' }, say: 'Never asked.' },
        { when: { model: 'broken' }, fail: { with: 'refused' } },
        { when: { model: 'slow' }, say: 'late', delay: '60s' },
        ...debate.flatMap(([model, proposal]) => [
          { when: { model, contains: 'Vote for the proposal' }, say: vote(model) },
          { when: { model, contains: 'Say what is wrong' }, say: critique(model) },
          { when: { model, contains: 'Answer the task anew' }, say: `${proposal}, revised`, delay: '100ms' },
          { when: { model, contains: 'Propose your own answer' }, say: proposal },
        ]),
        {
          when: { model: 'front', contains: 'refund' },
          say: JSON.stringify({ answer: 'a refund', hand_off_to: 'till' }),
        },
        {
          when: { model: 'till', contains: 'a refund' },
          say: JSON.stringify({ answer: 'Paid back.', hand_off_to: null }),
        },
        { when: {}, say: 'So be it.' },
      ],
    }),
  )
  castellan = await controlPlane({ modelsProviders: JSON.stringify({ acting: { kind: 'scripted', script } }) })
  await castellan.ask('POST', '/api/mcp-servers', { ...stdioServer('filesystem', files), name: 'files' })
  for (const name of ['reader', 'writer', 'broken', 'slow', 'ada', 'bob', 'cid', 'front', 'till'])
    await castellan.ask('POST', '/api/agents', agentOf(name))
})
after(async () => {
  await castellan[Symbol.asyncDispose]()
  rmSync(files, { recursive: true })
})

function agentOf(name: string) {
  const tools = name === 'reader' ? [{ name: 'read_text_file', mcp_server_id: 'files' }] : []
  return { name, llm_config: { provider: 'acting', model: name }, assigned_mcp_tools: tools }
}

function critique(member: string): string {
  const best = member === 'cid' ? 'bob' : member
  return JSON.stringify({ critique: `${member} sees what is weak.`, best })
}

function vote(member: string): string {
  const choice = member === 'cid' ? 'cid' : 'bob'
  return JSON.stringify({ choice, reason: `${member} holds it to be sound.` })
}

async function teamOf(
  said: Partial<TeamInput> & Pick<TeamInput, 'members' | 'protocol'>,
  on = castellan,
): Promise<Team> {
  const name = `team-${Math.random().toString(36).slice(2, 8)}`
  return on.ask<Team>('POST', '/api/teams', { name, ...said }, 201)
}

const execute = (team: Team, user_message: string, expect = 200) =>
  castellan.ask<TeamExecution>('POST', `/api/teams/${team.id}/execute`, { user_message }, expect)

test('a team is run as the guide says', async () => {
  const { url, key } = castellan
  // #region team
  const client = new CastellanClient({ url, key })
  await client.teams.create({
    name: 'desk',
    members: [
      { agent: 'reader', role: 'You read what there is, and say what it is about.' },
      { agent: 'writer', role: 'You write a summary.' },
    ],
    protocol: { type: 'sequential' },
  })
  const { response, board, members, run_id } = await client.teams.execute('desk', {
    user_message: 'What was ordered?',
  })
  // #endregion
  assert.equal(response, 'A summary of bolts.')
  assert.deepEqual(
    board.map(({ version, kind, member, content }) => [version, kind, member, content]),
    [
      [1, 'answered', 'reader', 'It is about bolts.'],
      [2, 'answered', 'writer', 'A summary of bolts.'],
    ],
  )
  assert.deepEqual(
    members.map(({ member, state, tool_calls }) => [member, state, tool_calls.map(({ tool_name }) => tool_name)]),
    [
      ['reader', 'completed', ['files__read_text_file']],
      ['writer', 'completed', []],
    ],
  )
  assert.equal((await client.runs.get(run_id)).state, 'completed')
})

describe('a team', () => {
  const trio = [{ agent: 'ada' }, { agent: 'bob' }, { agent: 'cid', role: 'You doubt everything.' }]
  const collaborative = { type: 'collaborative', rounds: 1 } as const

  test('argues and votes, and its execution tells who would have had it otherwise', async () => {
    const team = await teamOf({ members: trio, protocol: collaborative })
    const done = await execute(team, 'What shall we build with?')
    assert.deepEqual([done.success, done.error, done.response], [true, null, 'wood, revised'])
    const { by, winner, needed, of, votes } = done.decision!
    assert.deepEqual([by, winner, needed, of, votes.length], ['vote', 'bob', 2, 3, 3])
    assert.deepEqual(done.dissent, [{ member: 'cid', choice: 'cid', reason: 'cid holds it to be sound.' }])
    assert.deepEqual(
      done.board.map(({ version }) => version),
      Array.from({ length: 12 }, (_, index) => index + 1),
    )
    assert.ok(done.usage.input > 0 && done.members.length === 12)
    // What they do is in the journal as topics of their own.
    const { items } = await castellan.ask<{ items: { type: string; data: unknown }[] }>(
      'GET',
      '/api/journal?topic=team.decided',
    )
    const decided = items.find(({ data }) => JSON.stringify(data).includes('"cid"'))
    assert.ok(decided)
  })

  test('is asked by the short path as well, by name, and in the tenant that is asked for', async () => {
    const team = await teamOf({ members: [{ agent: 'writer' }], protocol: { type: 'sequential' } })
    const headers = { authorization: `Bearer ${castellan.key}`, 'content-type': 'application/json' }
    const body = JSON.stringify({ user_message: 'hello' })
    const path = `${castellan.url}/teams/${team.name}/execute`
    const here = await fetch(path, { method: 'POST', headers: { ...headers, 'x-tenant-id': 'default' }, body })
    assert.equal(here.status, 200)
    const { run_id, response } = (await here.json()) as TeamExecution
    assert.deepEqual([response, here.headers.get('x-run-id')], ['So be it.', run_id])
    const elsewhere = await fetch(path, { method: 'POST', headers: { ...headers, 'x-tenant-id': 'nowhere' }, body })
    assert.notEqual(elsewhere.status, 200)
    await castellan.ask('POST', '/api/teams/nobody/execute', { user_message: 'hello' }, 404)
    await castellan.ask('POST', '/teams/nobody/execute', {}, 400)
  })

  test('has members that go by rules beside those with models, in whatever way they work together', async () => {
    const says = (phrase: string, answer: unknown) => ({ when: `$contains(message, "${phrase}")`, do: { answer } })
    const rules = [
      says('Vote for the proposal', { choice: 'ada', reason: 'Houses of wood burn.' }),
      says('Say what is wrong', { critique: 'Straw burns, too.', best: 'ada' }),
      says('Answer the task anew', 'stone, revised'),
      says('Propose your own answer', 'stone'),
      says('It is about bolts.', 'Rules say: bolts.'),
      { when: 'true', do: { tool: 'files__read_text_file', args: { path: order } } },
    ]
    const observed = { when: '$count(observations) > 0', do: { answer: '=observations[-1].text' } }
    const body = { name: 'ruler', brain: { kind: 'rules', rules: [observed, ...rules] }, available_mcps: ['files'] }
    await castellan.ask('POST', '/api/agents', body, 201)

    const arguing = await teamOf({ members: [...trio.slice(0, 2), { agent: 'ruler' }], protocol: collaborative })
    const argued = await execute(arguing, 'What shall we build with?')
    assert.deepEqual([argued.success, argued.decision!.winner], [true, 'bob'])
    assert.deepEqual(argued.dissent, [{ member: 'ruler', choice: 'ada', reason: 'Houses of wood burn.' }])
    const own = argued.board.filter(({ member }) => member === 'ruler').map(({ kind, content }) => [kind, content])
    assert.deepEqual(own, [
      ['proposed', 'stone'],
      ['criticised', { critique: 'Straw burns, too.', best: 'ada' }],
      ['revised', 'stone, revised'],
      ['voted', { choice: 'ada', reason: 'Houses of wood burn.' }],
    ])

    const lined = await teamOf({ members: [{ agent: 'reader' }, { agent: 'ruler' }], protocol: { type: 'sequential' } })
    assert.equal((await execute(lined, 'What was ordered?')).response, 'Rules say: bolts.')
    const besides = await teamOf({ members: [{ agent: 'ruler' }, { agent: 'writer' }], protocol: { type: 'parallel' } })
    const { response, members } = await execute(besides, 'What was ordered?')
    assert.equal(response, '## ruler\n\nOrder 17: twelve bolts\n\n## writer\n\nSo be it.')
    assert.deepEqual(
      members.map(({ member, tool_calls }) => [member, tool_calls.map(({ tool_name }) => tool_name)]),
      [
        ['ruler', ['files__read_text_file']],
        ['writer', []],
      ],
    )
  })

  test('hands over to the one who can do it', async () => {
    const team = await teamOf({
      members: [{ agent: 'front' }, { agent: 'till' }],
      protocol: { type: 'handoff', max_handoffs: 2 },
    })
    const done = await execute(team, 'I want a refund.')
    assert.equal(done.response, 'Paid back.')
    assert.deepEqual(
      done.board.map(({ kind, member }) => [kind, member]),
      [
        ['handed_off', 'front'],
        ['answered', 'till'],
      ],
    )
  })

  test('goes on without a member who failed, or fails with a sentence and what there is on its board', async () => {
    const members = [{ agent: 'writer' }, { agent: 'broken' }]
    const going = await teamOf({ members, protocol: { type: 'parallel' } })
    const done = await execute(going, 'hello')
    assert.deepEqual([done.response, done.failed.map(({ member }) => member)], ['## writer\n\nSo be it.', ['broken']])
    const ending = await teamOf({ members, protocol: { type: 'sequential' } })
    const failed = await execute(ending, 'hello', 500)
    assert.deepEqual([failed.success, failed.board.length], [false, 2])
    assert.match(failed.error!, /^the member "broken" failed: /)
    // A client hears the same, and no fault.
    const client = new CastellanClient({ url: castellan.url, key: castellan.key })
    assert.equal((await client.teams.execute(ending.name, { user_message: 'hello' })).error, failed.error)
  })

  test('that has not ended in time is answered as it stands, and goes on', async () => {
    const team = await teamOf({
      members: [{ agent: 'writer' }, { agent: 'slow' }],
      protocol: { type: 'parallel' },
    })
    const body = { user_message: 'hello', timeout_seconds: 1 }
    const so = await castellan.ask<TeamExecution>('POST', `/api/teams/${team.id}/execute`, body, 202)
    assert.deepEqual([so.success, so.state], [false, 'waiting'])
    const look = () => castellan.ask<Run>('GET', `/api/runs/${so.run_id}`)
    await until('one has answered', look, ({ board = [] }) => board.length === 1)
    await castellan.ask('POST', `/api/runs/${so.run_id}/cancel`, undefined, 202)
    await until('it is cancelled', look, ({ state }) => state === 'cancelled')
  })

  test('whose members have no budget left is answered with how that stands', async () => {
    const agent = await castellan.ask<{ id: string }>('GET', '/api/agents/writer')
    await castellan.ask('PUT', '/api/budgets/writer', { to: { agent: agent.id }, unit: 'tokens', limit: 1 })
    try {
      const team = await teamOf({ members: [{ agent: 'writer' }], protocol: { type: 'sequential' } })
      const refused = (await execute(team, 'hello', 402)) as unknown as Problem
      assert.deepEqual([refused.code, refused.unit], ['denied_budget', 'tokens'])
    } finally {
      await castellan.ask('DELETE', '/api/budgets/writer')
    }
  })

  test('that names nobody, or makes no sense, is refused with the place of each problem', async () => {
    const members = [{ agent: 'ada' }, { agent: 'ghost' }, { agent: 'ada' }]
    const wish = { name: 'odd', members, protocol: { type: 'handoff', start: 'nobody' } }
    const problem = await castellan.ask<Problem>('POST', '/api/teams', wish, 400)
    assert.equal(problem.code, 'TEAM_INVALID')
    assert.deepEqual(
      problem.errors!.map(({ at }) => at),
      ['/members/2/name', '/protocol/start'],
    )
    const ghost = { ...wish, members: members.slice(0, 2), protocol: { type: 'sequential' } }
    const missing = await castellan.ask<Problem>('POST', '/api/teams', ghost, 400)
    assert.deepEqual(
      missing.errors!.map(({ at }) => at),
      ['/members/1/agent'],
    )
    assert.match(missing.detail, /the member "ghost" names the agent "ghost", and there are: ada, /)
    const merge = { by: 'expression', expression: '$count(' }
    const unread = { ...wish, members: [{ agent: 'ada' }], protocol: { type: 'parallel', merge } }
    assert.deepEqual(
      (await castellan.ask<Problem>('POST', '/api/teams', unread, 400)).errors!.map(({ at }) => at),
      ['/protocol/merge/expression'],
    )
  })

  test('is described anew and removed, by administrators, and its runs finish as they began', async () => {
    const team = await teamOf({ members: [{ agent: 'writer' }], protocol: { type: 'sequential' } })
    const next = { name: team.name, members: trio, protocol: collaborative, max_tokens: 5_000 }
    const changed = await castellan.ask<Team>('PUT', `/api/teams/${team.name}`, next)
    assert.deepEqual([changed.version, changed.protocol.type, changed.max_tokens], [2, 'collaborative', 5_000])
    assert.deepEqual(await castellan.ask<Team>('GET', `/api/teams/${team.id}`), changed)
    // What was given is what comes back, with what was left out.
    assert.deepEqual(changed.protocol, {
      type: 'collaborative',
      rounds: 1,
      decide: { by: 'vote' },
      quorum: 'majority',
      early_stop: true,
    })
    const run = await castellan.ask<Run>('POST', `/api/teams/${team.id}/runs`, { user_message: 'x' }, 202)
    await castellan.ask('DELETE', `/api/teams/${team.id}`, undefined, 204)
    await castellan.ask('GET', `/api/teams/${team.id}`, undefined, 404)
    const ended = await until(
      'it ends',
      () => castellan.ask<Run>('GET', `/api/runs/${run.id}`),
      ({ ended_at }) => ended_at !== null,
    )
    assert.equal(ended.state, 'completed')
    const ann = await hire(castellan, { scopes: ['mcp', 'read'] })
    assert.equal((await ask(castellan, 'GET', '/api/teams', { key: ann.key })).status, 403)
  })

  test('is a node of a workflow', async () => {
    const team = await teamOf({ members: trio, protocol: collaborative })
    const source = `
name: building
nodes:
  - { id: argue, type: team, team: ${team.name}, input: "='What shall we build ' & input.what & ' with?'" }
output: "=nodes.argue.output.response & ' (' & nodes.argue.output.decision.winner & ')'"
`
    const wish = { source, input: { what: 'a house' } }
    const done = await castellan.ask<{ output: unknown }>('POST', '/workflows/execute', wish)
    assert.equal(done.output, 'wood, revised (bob)')
    const nobody = { source: source.replace(team.name, 'nobody') }
    assert.match(
      (await castellan.ask<Problem>('POST', '/workflows/execute', nobody, 400)).detail,
      /the node "argue" names the team "nobody", and there are: /,
    )
  })

  test('goes on where it was when its control plane is killed and starts again', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'castellan-killed-'))
    const config = join(folder, 'castellan.yaml')
    const models = { providers: { acting: { kind: 'scripted', script } } }
    writeFileSync(config, JSON.stringify({ settings: { models } }))
    try {
      let run: Run
      let known: readonly string[]
      {
        await using first = await castellanProcess(folder, '--config', config)
        const at = asking(first)
        for (const { agent } of trio) await at('POST', '/api/agents', agentOf(agent))
        await at('POST', '/api/teams', { name: 'trio', members: trio, protocol: collaborative })
        run = (await at('POST', '/api/teams/trio/runs', { user_message: 'What shall we build with?' })) as Run
        const board = async () => ((await at('GET', `/api/runs/${run.id}`)) as Run).board ?? []
        const seen = await until('all have criticised', board, entries => entries.length >= 6)
        first.signal('SIGKILL')
        await first.ended
        known = seen.map(entry => entry.run)
      }
      await using second = await castellanProcess(folder, '--config', config)
      const at = asking(second)
      const done = await until(
        'it ends',
        async () => (await at('GET', `/api/runs/${run.id}`)) as Run,
        ({ ended_at }) => ended_at !== null,
      )
      const output = done.output as TeamExecution
      assert.deepEqual([output.response, output.decision!.winner, output.board.length], ['wood, revised', 'bob', 12])
      // Whoever had answered is there once, and was asked once.
      assert.deepEqual(
        output.board
          .slice(0, known.length)
          .map(entry => entry.run)
          .toSorted(),
        known.toSorted(),
      )
      for (const id of known) {
        const { items } = (await at('GET', `/api/runs/${id}/lines`)) as { items: RunLine[] }
        assert.equal(items.filter(({ type }) => type === 'model.requested').length, 1)
      }
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})

function asking(castellan: { readonly url: string; readonly key: string }) {
  return async (method: string, path: string, body?: unknown): Promise<unknown> =>
    JSON.parse((await ask(castellan, method, path, { body })).text)
}
