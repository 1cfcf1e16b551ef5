import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { test } from 'node:test'
import type { Run } from '@castellan/contracts'
import { controlPlane, until } from '../support/control-plane.ts'

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

/** Answers nothing before it is opened, and knows how many were at it at once. */
async function slowServer() {
  const opened = Promise.withResolvers<void>()
  let [under, most, calls] = [0, 0, 0]
  const server = createServer((request, response) => {
    void (async () => {
      const say = (body: object) =>
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
      if (request.url === '/health') return say({ status: 'ok' })
      if (request.url === '/mcp/list_tools') return say({ tools: [{ name: 'act', inputSchema: { type: 'object' } }] })
      await json(request)
      calls++
      most = Math.max(most, ++under)
      await opened.promise
      under--
      return say({ content: [{ type: 'text', text: 'done' }] })
    })().catch(() => response.destroy())
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    under: () => under,
    most: () => most,
    calls: () => calls,
    open: () => opened.resolve(),
    async [Symbol.asyncDispose]() {
      const closed = new Promise(resolve => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}
