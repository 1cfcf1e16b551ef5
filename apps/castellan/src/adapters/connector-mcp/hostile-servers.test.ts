import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { allowedCall } from '../../gate/connector.testsuite.ts'
import type { CallIo, Link, LinkEvents, Reply, Target } from '../../gate/index.ts'
import { digestJson, type JsonObject } from '../../kernel/index.ts'
import { networkTarget } from './fixtures/spawned-fixture.ts'
import { spawned } from './fixtures/spawned.ts'
import { fixturePath, nodeTarget } from './fixtures/stdio-target.ts'
import { testClient } from './fixtures/test-client.ts'
import { mcpConnector } from './index.ts'

const MEGABYTE = 1024 * 1024

for (const transport of ['stdio', 'http'] as const) {
  describe(`a server over ${transport} that means harm`, { timeout: 120_000 }, () => {
    test('floods with notifications: the call is answered, and nobody drowns', () =>
      against(transport, async ({ call, heard, isAlive }) => {
        const client = testClient()
        const progress: JsonObject[] = []
        const reply = await call('floods', { client, onProgress: params => progress.push(params) })
        assert.deepEqual(reply, { is: 'result', result: { content: [] } })
        assert.ok(client.told.length < 20_000, `the client was told ${client.told.length} things`)
        assert.ok(progress.length < 10_000, `${progress.length} reports`)
        assert.equal(progress.at(-1)?.progress, 19_999)
        assert.ok(heard.changed < 200, `${heard.changed} changes`)
        assert.ok(heard.updated < 20_000, `${heard.updated} updates`)
        assert.ok(heard.log.length < 5_000, `${heard.log.length} lines`)
        assert.ok(!heard.log.join().includes('payload'))
        await isAlive()
      }))

    test('lies about ids: only the answer to what was asked counts', () =>
      against(transport, async ({ call, isAlive }) => {
        const replies = await Promise.all([call('answers twice'), call('lies')])
        for (const reply of replies) assert.deepEqual(reply, { is: 'result', result: { content: [] } })
        await isAlive()
      }))

    test('asks without end: 32 questions reach the client, and memory is bounded', () =>
      against(transport, async ({ call, isAlive }) => {
        const client = testClient()
        assert.equal((await call('asks', { client })).is, 'result')
        assert.equal(client.asked.length, 32)
        assert.ok(
          client.asked.every(({ signal }) => signal.aborted),
          'what was open is withdrawn with the call',
        )
        await isAlive()
      }))

    test('writes a gigabyte: it is cut off, and the call was sent', () =>
      against(transport, async ({ call }) => {
        const reply = await call('writes a gigabyte')
        assert.ok(reply.is === 'broken' && reply.sent && /larger|longer/.test(reply.why), JSON.stringify(reply))
      }))

    test('drips: it is waited for', () =>
      against(transport, async ({ call, isAlive }) => {
        assert.equal((await call('drips')).is, 'result')
        await isAlive()
      }))

    test('never ends its stream: the answer is taken, and the stream is let go', () =>
      against(transport, async ({ call, isAlive }) => {
        assert.equal((await call('never ends')).is, 'result')
        await isAlive()
      }))

    test('describes its tools anew each time: each description has its own digest', () =>
      against(transport, async ({ link }) => {
        const [first, second] = [await link.discover(soon()), await link.discover(soon())]
        assert.notEqual(first.capabilities[0]?.digest, second.capabilities[0]?.digest)
      }))

    test('leaves in the middle of a call: it is broken as sent', () =>
      against(transport, async ({ call }) => {
        const reply = await call('leaves')
        assert.ok(reply.is === 'broken' && reply.sent, JSON.stringify(reply))
      }))
  })
}

interface Against {
  readonly link: Link
  readonly call: (habit: string, io?: Partial<CallIo>) => Promise<Reply>
  readonly heard: { changed: number; updated: number; readonly log: string[] }
  readonly isAlive: () => Promise<void>
}

/** A link to a hostile server; whatever it does, the memory it costs here is bounded. */
async function against(transport: 'stdio' | 'http', body: (against: Against) => Promise<void>): Promise<void> {
  const server = transport === 'http' ? await spawned([fixturePath('hostile-server.ts'), 'http']) : null
  const target: Target =
    server === null
      ? nodeTarget('hostile-server.ts', ['stdio'])
      : networkTarget('streamable-http', `http://127.0.0.1:${server.port}/mcp`)
  const heard: Against['heard'] = { changed: 0, updated: 0, log: [] }
  const events: LinkEvents = {
    onListChanged: () => heard.changed++,
    onResourceUpdated: () => heard.updated++,
    onLog: line => heard.log.push(line),
  }
  const before = process.memoryUsage().rss
  let most = before
  const watching = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 50)
  const link = await mcpConnector({ environment: process.env }).open(target, events, soon())
  try {
    await body({
      link,
      heard,
      call(habit, io = {}) {
        const definition = { name: habit }
        const digest = digestJson(definition)
        const capability = {
          server: 'x',
          primitive: 'tool',
          name: habit,
          definition,
          digest,
          impliedEffect: null,
        } as const
        return link.call(allowedCall(target, capability, {}), { signal: soon(), onProgress: null, client: null, ...io })
      },
      isAlive: () => link.probe(soon()),
    })
    assert.ok(most - before < 300 * MEGABYTE, `it cost ${Math.round((most - before) / MEGABYTE)} MB`)
  } finally {
    clearInterval(watching)
    await link.close()
    await server?.kill()
  }
}

function soon(): AbortSignal {
  return AbortSignal.timeout(60_000)
}
