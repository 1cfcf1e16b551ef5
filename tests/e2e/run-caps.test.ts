import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Run, RunLine } from '@castellan/contracts'
import { controlPlane, until } from '../support/control-plane.ts'
import { connect } from '../../apps/castellan/src/adapters/store-sql/testing/fresh-postgres.ts'
import { type Node, type Nodes, nodesOn } from '../support/nodes.ts'
import { postgresForTests } from '../support/services.ts'
import { slowServer, type SlowServer } from './fixtures/slow-server.ts'

const postgres = await postgresForTests()

const source = `
name: many
nodes:
  - id: each
    type: foreach
    items: "[1..3]"
    concurrency: 3
    do: [{ id: act, type: tool, tool: slow__act, args: {} }]
`

test('runs and calls beyond what may be under way wait, and none is lost', async () => {
  await using server = await slowServer()
  await using castellan = await controlPlane({ runsMostOfTenant: '2', runsMostCallsOfTool: '2' })
  await castellan.ask('POST', '/api/mcp-servers', { name: 'slow', transport: 'http-adapter', url: server.url })
  await castellan.ask('PUT', '/api/workflows/many', { source })
  const runs: Run[] = []
  for (let count = 0; count < 4; count++) runs.push(await castellan.ask<Run>('POST', '/api/workflows/many/runs', {}))
  await until(
    'two calls are under way',
    () => server.under(),
    under => under === 2,
  )
  const states = () =>
    Promise.all(runs.map(async ({ id }) => (await castellan.ask<Run>('GET', `/api/runs/${id}`)).state))
  // Nothing is answered yet, so the runs that have begun are all that may.
  await until('two runs have begun', states, all => all.filter(state => state === 'running').length === 2)
  assert.deepEqual((await states()).filter(state => state === 'queued').length, 2)
  server.open()
  await until('all have ended', states, all => all.every(state => state === 'completed'))
  assert.deepEqual([server.most(), server.calls()], [2, 12])
})

test('a run that is cancelled while its call waits for a place ends, and never makes it', async () => {
  await using server = await slowServer()
  await using castellan = await controlPlane({ runsMostCallsOfTool: '1' })
  await castellan.ask('POST', '/api/mcp-servers', { name: 'slow', transport: 'http-adapter', url: server.url })
  await castellan.ask('PUT', '/api/workflows/many', { source })
  const { id } = await castellan.ask<Run>('POST', '/api/workflows/many/runs', {})
  await until(
    'a call is under way',
    () => server.under(),
    under => under === 1,
  )
  await castellan.ask('POST', `/api/runs/${id}/cancel`, undefined, 202)
  const ended = () => castellan.ask<Run>('GET', `/api/runs/${id}`)
  assert.equal((await until('it ends', ended, ({ ended_at }) => ended_at !== null)).state, 'cancelled')
  assert.equal(server.calls(), 1)
})

describe('calls of one tool on many nodes', { skip: postgres.skip, concurrency: false }, () => {
  test('are no more at once than may be, from all of them together, and none is lost', async () => {
    await using server = await slowServer()
    await using nodes = await nodesOn(postgres.url)
    const [one, two] = [await nodes.start(...capped), await nodes.start(...capped)]
    await prepare(one, server)
    const runs = await spread(nodes, [one, two])

    // Whoever may make its call has made it once all of them were asked for.
    await until(
      'all calls are asked for',
      () => Promise.all(runs.map(run => askedFor(one, run))),
      counts => counts.every(count => count === 3),
    )
    await until(
      'two of them are under way',
      () => server.under(),
      under => under >= 2,
    )
    server.open()

    await until(
      'all have ended',
      () => Promise.all(runs.map(id => stateOf(two, id))),
      states => states.every(state => state === 'completed'),
    )
    assert.deepEqual([server.most(), server.calls()], [2, runs.length * 3])
  })

  test('that a killed node had under way make room for those of others', async () => {
    await using server = await slowServer()
    await using nodes = await nodesOn(postgres.url)
    const one = await nodes.start(...capped)
    await prepare(one, server)
    await begin(one)
    await until(
      'two calls are under way',
      () => server.under(),
      under => under === 2,
    )
    const two = await nodes.start(...capped)
    const next = await begin(two)
    await until(
      'its calls are asked for',
      () => askedFor(two, next),
      count => count === 3,
    )
    assert.equal(server.calls(), 2)

    one.signal('SIGKILL')
    await one.ended

    await until(
      'two calls are under way again',
      () => [server.under(), server.calls()],
      ([under, calls]) => under === 2 && calls! >= 4,
    )
    server.open()
    await until(
      'the run of the other node has ended',
      () => stateOf(two, next),
      state => state === 'completed',
    )
    assert.equal(server.most(), 2)
  })
})

const capped = ['--runs-most-calls-of-tool', '2']

async function prepare(node: Node, server: SlowServer): Promise<void> {
  await node.rest.must('POST', '/api/mcp-servers', {
    body: { name: 'slow', transport: 'http-adapter', url: server.url },
  })
  await node.rest.must('PUT', '/api/workflows/many', { body: { source } })
}

async function begin(node: Node): Promise<string> {
  return (await node.rest.must<Run>('POST', '/api/workflows/many/runs', { body: {} })).id
}

async function stateOf(node: Node, run: string): Promise<string> {
  return (await node.rest.must<Run>('GET', `/api/runs/${run}`)).state
}

/** How many calls a run has asked for. */
async function askedFor(node: Node, run: string): Promise<number> {
  const lines = await node.rest.all<RunLine>(`/api/runs/${run}/lines`)
  return lines.filter(({ type }) => type === 'tool.requested').length
}

/** Begins runs until each of two nodes holds one. */
async function spread({ database }: Nodes, each: readonly [Node, Node]): Promise<readonly string[]> {
  await using store = await connect(database)
  const runs: string[] = []
  const holders = async () => {
    const { rows } = await store.client.query('SELECT DISTINCT owner FROM run_queue WHERE owner IS NOT NULL')
    return rows.length
  }
  await until(
    'both hold runs',
    async () => {
      runs.push(await begin(each[runs.length % 2]!))
      return holders()
    },
    count => count === 2,
  )
  return runs
}
