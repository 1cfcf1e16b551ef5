import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { LiveEvent } from '@castellan/contracts'
import { WebSocket } from 'ws'
import { hire } from '../../apps/castellan/src/api/rest/fixtures/people.ts'
import { type ControlPlane, controlPlane, stdioServer, until } from '../support/control-plane.ts'
import { LiveClient } from './fixtures/live-client.ts'

const files = mkdtempSync(join(tmpdir(), 'castellan-live-'))
const order = join(files, 'order.txt')
const script = join(files, 'script.json')
let castellan: ControlPlane

before(async () => {
  writeFileSync(order, 'Order 17: twelve bolts')
  const lines = [
    { when: { turn: 1, contains: 'slow' }, say: 'late', delay: '30s' },
    { when: { turn: 1 }, say: 'I look.', call: [{ tool: 'files__read_text_file', args: { path: order } }] },
    { when: { contains: 'Order 17' }, say: 'Twelve bolts.' },
  ]
  writeFileSync(script, JSON.stringify({ lines }))
  castellan = await controlPlane({ modelsProviders: JSON.stringify({ acting: { kind: 'scripted', script } }) })
  await castellan.ask('POST', '/api/mcp-servers', { ...stdioServer('filesystem', files), name: 'files' })
  await castellan.ask('POST', '/api/agents', {
    name: 'clerk',
    llm_config: { provider: 'acting', model: 'clerk' },
    available_mcps: ['files'],
  })
})
after(async () => {
  await castellan[Symbol.asyncDispose]()
  rmSync(files, { recursive: true })
})

const runAgent = { type: 'run_agent', agent_id: 'clerk', user_message: 'What is in the order?' } as const
const brief = (events: readonly LiveEvent[]) =>
  events.map(each => ('status' in each ? `${each.type} ${each.status}` : each.type))

describe('a client of a session', () => {
  test('is told of an execution from its beginning to its end, and any other client of the session the same', async () => {
    await using one = await new LiveClient(castellan, 'shared').open()
    await using other = await new LiveClient(castellan, 'shared', castellan.key, 'protocol').open()
    const done = await one.ask(runAgent)
    assert.ok(done.type === 'done' && done.execution_id !== undefined)
    const completed = await one.told('execution.completed')
    await other.told('execution.completed')
    assert.deepEqual(brief(one.events), [
      'execution.started',
      'execution.progress',
      'agent.reasoning',
      'tool.execution started',
      'tool.execution ok',
      'agent.reasoning',
      'execution.completed',
    ])
    assert.deepEqual(other.events, one.events)
    assert.ok('output' in completed)
    assert.equal((completed.output as { response: string }).response, 'Twelve bolts.')
    assert.deepEqual(
      one.events.flatMap(each => (each.type === 'agent.reasoning' ? [[each.iteration, each.text]] : [])),
      [
        [1, 'I look.'],
        [2, 'Twelve bolts.'],
      ],
    )
  })

  test('has teams and workflows at work as well, and is told what they do', async () => {
    const pair = { name: 'pair', members: [{ agent: 'clerk' }], protocol: { type: 'sequential' } }
    await castellan.ask('POST', '/api/teams', pair)
    const source = 'name: plus\nnodes: [{ id: sum, type: transform, expression: input.a + 1 }]'
    await castellan.ask('PUT', '/api/workflows/plus', { source })
    await using client = await new LiveClient(castellan, 'both').open()
    const team = await client.ask({ type: 'run_team', team_id: 'pair', user_message: 'What is in the order?' })
    assert.ok(team.type === 'done')
    const ended = (id: string) =>
      until(
        'it ends',
        () => client.events.find(each => each.type === 'execution.completed' && each.execution_id === id),
        each => each !== undefined,
      )
    const answer = (await ended(team.execution_id!)) as { output: { response: string } }
    assert.equal(answer.output.response, 'Twelve bolts.')
    const told = client.events.find(each => each.type === 'team.progress')
    assert.ok(told?.type === 'team.progress')
    assert.deepEqual(
      [told.execution_id, told.kind, told.member, told.step, told.version],
      [team.execution_id, 'answered', 'clerk', 'answer.0.clerk', 1],
    )
    const workflow = await client.ask({ type: 'run_workflow', workflow_id: 'plus', input: { a: 2 } })
    assert.ok(workflow.type === 'done')
    assert.deepEqual(((await ended(workflow.execution_id!)) as { output: { output: number } }).output.output, 3)
    const nobody = await client.ask({ type: 'run_team', team_id: 'nobody', user_message: 'x' })
    assert.ok(nobody.type === 'error' && nobody.code === 'NOT_FOUND')
  })

  test('that comes back after an offset misses nothing and hears nothing twice', async () => {
    const seen: LiveEvent[] = []
    {
      await using first = await new LiveClient(castellan, 'returning').open()
      await first.ask(runAgent)
      await first.told('tool.execution')
      seen.push(...first.events)
    }
    const last = seen.at(-1)!.offset
    await using second = await new LiveClient(castellan, `returning?resume_from=${last}`).open()
    // It may have been quicker than the first client was gone.
    const all = await until(
      'the end',
      () => [...seen, ...second.events],
      events => events.some(({ type }) => type === 'execution.completed'),
    )
    const offsets = all.map(each => each.offset)
    assert.deepEqual(
      offsets,
      [...new Set(offsets)].toSorted((a, b) => a - b),
    )
    assert.deepEqual(brief(all), [
      'execution.started',
      'execution.progress',
      'agent.reasoning',
      'tool.execution started',
      'tool.execution ok',
      'agent.reasoning',
      'execution.completed',
    ])
  })

  test('steers what it started, and is told so', async () => {
    await using client = await new LiveClient(castellan, 'steering').open()
    const begun = await client.ask({ ...runAgent, user_message: 'slow' })
    assert.ok(begun.type === 'done')
    const execution_id = begun.execution_id!
    await client.told('execution.progress')
    assert.equal((await client.ask({ type: 'cancel_execution', execution_id })).type, 'done')
    await client.told('execution.cancelled')
    const again = await client.ask({ type: 'cancel_execution', execution_id })
    assert.ok(again.type === 'error' && again.code === 'RUN_ENDED')
  })

  test('subscribes to an execution of elsewhere and hears all of it, in order', async () => {
    const { id } = await castellan.ask<{ id: string }>('POST', '/api/agents/clerk/runs', { user_message: 'order?' })
    await until(
      'its end',
      () => castellan.ask<{ state: string }>('GET', `/api/runs/${id}`),
      run => run.state === 'completed',
    )
    await using client = await new LiveClient(castellan, 'elsewhere').open()
    await client.ask({ type: 'subscribe', execution_id: id })
    await client.told('execution.completed')
    assert.equal(client.events[0]?.type, 'execution.started')
    assert.equal(client.events.length, 7)
  })

  test('is told what is wrong with what it sends, and stays', async () => {
    await using client = await new LiveClient(castellan, 'clumsy').open()
    for (const wrong of [
      '{',
      '[]',
      '{"type":"dance"}',
      '{"type":"pause"}',
      `{"type":"run_agent","agent_id":"nobody","user_message":"x"}`,
    ])
      client.send(wrong)
    await until(
      'the answers',
      () => client.answers.length,
      count => count === 6,
    )
    assert.deepEqual(
      client.answers.slice(1).map(each => (each.type === 'error' ? each.code : each.type)),
      ['REQUEST_INVALID', 'REQUEST_INVALID', 'REQUEST_INVALID', 'REQUEST_INVALID', 'NOT_FOUND'],
    )
    assert.equal((await client.ask({ type: 'resume_from', offset: 0 })).type, 'done')
  })
})

describe('nobody', () => {
  test('gets in without credentials, with a page of somebody else, or to another path', async () => {
    const url = castellan.url.replace('http', 'ws')
    const refused = async (path: string, headers: Record<string, string>) => {
      const socket = new WebSocket(`${url}${path}`, { headers })
      return new Promise<number>((resolve, reject) => {
        socket.once('unexpected-response', (_, response) => {
          resolve(response.statusCode!)
          socket.terminate()
        })
        socket.once('open', () => reject(new Error('it was let in')))
        socket.on('error', () => undefined)
      })
    }
    const authorization = `Bearer ${castellan.key}`
    assert.equal(await refused('/ws/session/a', {}), 401)
    assert.equal(await refused('/ws/session/a', { authorization: 'Bearer cst_wrong' }), 401)
    assert.equal(await refused('/ws/session/a', { authorization, origin: 'https://evil.example' }), 403)
    assert.equal(await refused('/ws/other', { authorization }), 404)
  })

  test('hears of the executions of others, who are not administrators', async () => {
    await castellan.ask('POST', '/api/grants', {
      to: { role: 'member' },
      server: '*',
      primitive_type: 'tool',
      name: '*',
    })
    const ann = await hire(castellan, { scopes: ['mcp', 'read'] })
    const bob = await hire(castellan, { scopes: ['mcp', 'read'] })
    await using hers = await new LiveClient(castellan, 'same-name', ann.key).open()
    await using his = await new LiveClient(castellan, 'same-name', bob.key).open()
    const begun = await hers.ask(runAgent)
    assert.ok(begun.type === 'done')
    await hers.told('execution.completed')
    const execution_id = begun.execution_id!
    for (const type of ['subscribe', 'cancel_execution'] as const) {
      const answer = await his.ask({ type, execution_id })
      assert.ok(answer.type === 'error' && answer.code === 'NOT_FOUND')
    }
    assert.deepEqual(his.events, [])
  })
})
