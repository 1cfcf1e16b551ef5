import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allowedCall, eventually, textOf } from '../../gate/connector.testsuite.ts'
import type { JsonObject } from '../../kernel/index.ts'
import { withoutBubblewrap } from '../../../../../tests/support/bubblewrap.ts'
import { cellOf } from './fixtures/attempts.ts'
import { networkTarget, openSockets } from './fixtures/spawned-fixture.ts'
import { spawned } from './fixtures/spawned.ts'
import { stdioTarget } from './fixtures/stdio-target.ts'
import { mcpConnector } from './index.ts'

const program = new URL(
  '../../../../../node_modules/@modelcontextprotocol/server-everything/dist/index.js',
  import.meta.url,
).pathname
const loopback = new URL('../../../../../tests/support/bind-loopback.mjs', import.meta.url).pathname

for (const [transport, mode, path] of [
  ['streamable-http', 'streamableHttp', '/mcp'],
  ['sse', 'sse', '/sse'],
] as const) {
  test(`server-everything works over ${transport}: discovery, calls, progress, a resource, a prompt, the end`, async () => {
    const server = await spawned(['--import', loopback, program, mode], { PORT: '0' })
    try {
      const target = networkTarget(transport, `http://127.0.0.1:${server.port}${path}`)
      const connector = mcpConnector({ environment: {} })
      const soon = () => AbortSignal.timeout(20_000)
      const link = await connector.open(target, { onListChanged: () => {} }, soon())
      const { capabilities } = await link.discover(soon())
      const progress: JsonObject[] = []
      const ask = (primitive: string, name: string, args: JsonObject) => {
        const found = capabilities.find(each => each.primitive === primitive && each.name === name)
        assert.ok(found, `it offers the ${primitive} ${name}`)
        return link.call(allowedCall(target, found, args), {
          signal: soon(),
          client: null,
          onProgress: params => progress.push(params),
        })
      }

      assert.match(textOf(await ask('tool', 'echo', { message: 'good morning' })), /good morning/)
      assert.equal((await ask('tool', 'trigger-long-running-operation', { duration: 1, steps: 4 })).is, 'result')
      assert.deepEqual(
        progress.map(each => each.progress),
        [1, 2, 3, 4],
      )
      const prompt = await ask('prompt', 'simple-prompt', {})
      assert.ok(prompt.is === 'result' && Array.isArray(prompt.result.messages))
      await link.probe(soon())

      await link.close()

      assert.deepEqual(openSockets(), [])
    } finally {
      await server.kill()
    }
  })
}

for (const [transport, mode, path, patience] of [
  // Its streams can be resumed, so the call ends with the last of the attempts after 2, 4 and 8 s.
  ['streamable-http', 'streamableHttp', '/mcp', 14_000],
  ['sse', 'sse', '/sse', 0],
] as const) {
  test(`server-everything over ${transport}, killed in the middle of a call, breaks it as sent and ends the session`, async () => {
    const server = await spawned(['--import', loopback, program, mode], { PORT: '0' })
    const target = networkTarget(transport, `http://127.0.0.1:${server.port}${path}`)
    const soon = () => AbortSignal.timeout(30_000)
    const link = await mcpConnector({ environment: {} }).open(target, { onListChanged: () => {} }, soon())
    const { capabilities } = await link.discover(soon())
    const long = capabilities.find(({ name }) => name === 'trigger-long-running-operation')
    assert.ok(long)
    let begun = false
    const reply = link.call(allowedCall(target, long, { duration: 20, steps: 200 }), {
      signal: soon(),
      client: null,
      onProgress: () => (begun = true),
    })
    await eventually('the call is under way', async () => begun)
    const killedAt = performance.now()

    await server.kill()

    const end = await reply
    assert.equal(end.is === 'broken' && end.sent, true)
    const waited = performance.now() - killedAt
    assert.ok(waited >= patience - 100 && waited < patience + 2_000, `it took ${waited} ms`)
    assert.equal(typeof (await link.closed), 'string')
    await link.close()
    assert.deepEqual(openSockets(), [])
  })
}

test(
  'server-everything works in a strict sandbox: it needs Node and its own files, and no network',
  { skip: withoutBubblewrap() },
  async () => {
    const target = stdioTarget(process.execPath, [program, 'stdio'])
    const connection = {
      ...target.connection,
      sandbox: cellOf({ memory: 512 * 1024 * 1024 }),
    } as typeof target.connection
    const soon = () => AbortSignal.timeout(20_000)
    const connector = mcpConnector({ environment: { PATH: process.env['PATH'] } })
    const link = await connector.open({ ...target, connection }, { onListChanged: () => {} }, soon())
    const { capabilities } = await link.discover(soon())
    const echo = capabilities.find(({ name }) => name === 'echo')
    assert.ok(echo && capabilities.length > 10)
    const reply = await link.call(allowedCall(target, echo, { message: 'from inside' }), {
      signal: soon(),
      client: null,
      onProgress: null,
    })
    assert.match(textOf(reply), /from inside/)
    await link.close()
  },
)
