import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Run, Server } from '@castellan/contracts'
import { until } from '../support/control-plane.ts'
import { stdioServer } from '../support/control-plane.ts'
import { nodesOn } from '../support/nodes.ts'
import { postgresForTests } from '../support/services.ts'

const postgres = await postgresForTests()

const greeting = `
name: greeting
nodes:
  - { id: greet, type: transform, expression: '"hello " & input.name' }
output: "=nodes.greet.output"
`

describe('nodes with roles', { skip: postgres.skip, concurrency: false }, () => {
  test('who answers leaves the work to who works, and shows what came of it', async () => {
    await using nodes = await nodesOn(postgres.url)
    const api = await nodes.start('--role', 'api')
    await api.rest.must('PUT', '/api/workflows/greeting', { body: { source: greeting } })
    await api.rest.must('POST', '/api/mcp-servers', { body: { ...stdioServer('memory'), name: 'memory' } })
    const begun = await api.rest.must<Run>('POST', '/api/workflows/greeting/runs', { body: { input: { name: 'Ann' } } })
    const run = () => api.rest.must<Run>('GET', `/api/runs/${begun.id}`)
    assert.equal((await run()).state, 'queued')

    const worker = await nodes.start('--role', 'worker', '--public-url', api.url)

    await until('the run is carried out', run, ({ state }) => state === 'completed')
    // It knows nothing of the server itself, since it probes nobody.
    const anew = await nodes.start('--role', 'api')
    const server = () => anew.rest.must<Server>('GET', '/api/mcp-servers/memory')
    await until('the health of the server is known', server, ({ health }) => health.status === 'active')
    worker.signal('SIGTERM')
    assert.equal((await worker.ended).code, 0)
  })

  test('who works shows signs of life and metrics, and nothing else', async () => {
    await using nodes = await nodesOn(postgres.url)
    const worker = await nodes.start('--role', 'worker', '--public-url', 'http://127.0.0.1:1')
    const { rest, url } = worker
    assert.equal((await rest.ask('GET', '/health')).body['status'], 'ok')
    assert.deepEqual(await rest.ask('GET', '/ready'), {
      status: 200,
      body: { ready: true, reason: null, impaired: [] },
    })
    assert.equal((await fetch(`${url}/metrics`)).status, 401)
    const metrics = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${rest.key}` } })
    assert.match(await metrics.text(), /castellan_journal_offset/)
    for (const path of ['/', '/mcp', '/api/mcp-servers', '/docs'])
      assert.equal((await rest.ask('GET', path)).status, 404, path)
    assert.equal((await rest.ask('POST', '/mcp', { body: {} })).status, 405)
  })
})
