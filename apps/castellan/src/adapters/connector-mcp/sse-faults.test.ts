import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, test, type TestContext } from 'node:test'
import { eventually } from '../../gate/connector.testsuite.ts'
import { isFault } from '../../kernel/index.ts'
import { opened } from './fixtures/opened.ts'
import { scriptedServer } from './fixtures/scripted-server.ts'
import { networkTarget } from './fixtures/spawned-fixture.ts'
import { mcpConnector } from './index.ts'
import { sseTransport } from './sse.ts'
import type { HttpOptions } from './streamable-http.ts'

interface Post {
  readonly message: { readonly id?: number; readonly method?: string }
  readonly response: ServerResponse
  /** The event stream of the session. */
  readonly events: ServerResponse
}

describe('HTTP with server-sent events', { timeout: 60_000 }, () => {
  test('a stream that drops in the middle of a call breaks it, and the session does not live on by half', async context => {
    const { ask, link } = await talking(context, ({ message, events, response }) => {
      if (message.method !== 'tools/call') return false
      response.writeHead(202).end()
      events.destroy()
    })

    const reply = await ask('any')

    assert.equal(reply.is === 'broken' && reply.sent, true)
    assert.match(await link.closed, /event stream ended|connection failed/)
  })

  test('an address for messages on another origin is refused, and nothing is sent there', async context => {
    const other = await scriptedServer(() => false)
    context.after(() => other.stop())
    const url = await listening(context, (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(`event: endpoint\ndata: ${other.url}\n\n`)
    })

    await assert.rejects(open(url), error => {
      assert.ok(isFault(error, 'UPSTREAM_UNREACHABLE'))
      return /another origin/.test(error.message)
    })
    assert.deepEqual(other.seen, [])
  })

  test('a server that never names its address for messages is left after the connect timeout', async context => {
    const url = await listening(context, (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
    })

    await assert.rejects(open(url), error => isFault(error, 'UPSTREAM_TIMEOUT'))
  })

  for (const [status, type] of [[401], [404], [503], [200, 'text/html']] as const) {
    test(`opening fails with a reason when the stream is answered by ${status} ${type ?? ''}`, async context => {
      const url = await listening(context, (_, response) => {
        response.writeHead(status, type === undefined ? {} : { 'content-type': type }).end()
      })

      await assert.rejects(open(url), error => {
        assert.ok(isFault(error, 'UPSTREAM_UNREACHABLE'))
        return error.message.includes(status === 200 ? 'event stream' : `HTTP ${status}`)
      })
    })
  }

  test('a session the server no longer knows is over', async context => {
    const { ask, link } = await talking(context, ({ message, response }) => {
      if (message.method !== 'tools/call') return false
      response.writeHead(404).end()
    })

    assert.equal((await ask('any')).is, 'broken')
    assert.match(await link.closed, /session has expired/)
  })

  test('429 carries the wait the server asked for, and the session lives on', async context => {
    const { ask, link } = await talking(context, ({ message, response }) => {
      if (message.method !== 'tools/call') return false
      response.writeHead(429, { 'retry-after': '3' }).end()
    })

    const reply = await ask('any')

    assert.equal(reply.is === 'broken' && reply.retryAfter, 3_000)
    await link.probe(AbortSignal.timeout(5_000))
  })

  test('an endless event ends the session within the bound', async context => {
    const { ask, link } = await talking(
      context,
      ({ message, events, response }) => {
        if (message.method !== 'tools/call') return false
        response.writeHead(202).end()
        events.write(`data: ${'x'.repeat(2_000_000)}`)
      },
      { maxMessage: 1_000_000 },
    )

    assert.equal((await ask('any')).is, 'broken')
    assert.match(await link.closed, /larger than 1000000 bytes/)
  })

  test('a long life of small messages is not limited', async context => {
    const { ask } = await talking(
      context,
      ({ message, events, response }) => {
        if (message.method !== 'tools/call') return false
        response.writeHead(202).end()
        const result = { content: [{ type: 'text', text: 'x'.repeat(500_000) }] }
        events.write(`data: ${JSON.stringify({ jsonrpc: '2.0', id: message.id, result })}\n\n`)
      },
      { maxMessage: 1_000_000 },
    )

    for (let index = 0; index < 10; index++) assert.equal((await ask('any')).is, 'result')
  })

  test('a message that is never acknowledged is given up with its call', async context => {
    let freed = false
    let arrived = false
    const { ask } = await talking(context, ({ message, response }) => {
      if (message.method !== 'tools/call') return false
      arrived = true
      response.on('close', () => (freed = true))
    })
    const cancelling = new AbortController()
    const reply = ask('any', {}, cancelling.signal)
    await eventually('it has arrived', async () => arrived)

    cancelling.abort()

    assert.equal((await reply).is, 'broken')
    await eventually('its connection is freed', async () => freed)
  })
})

/** A session with a server whose answers to messages the test decides; `false` leaves them to the default. */
async function talking(context: TestContext, script: (post: Post) => false | void, options: HttpOptions = {}) {
  let events: ServerResponse | undefined
  const url = await listening(context, async (request, response) => {
    if (request.method === 'GET') {
      events = response.writeHead(200, { 'content-type': 'text/event-stream' })
      return void events.write('event: endpoint\ndata: /message\n\n')
    }
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const message = JSON.parse(Buffer.concat(chunks).toString()) as Post['message']
    if (script({ message, response, events: events! }) !== false) return
    response.writeHead(202).end()
    if (message.id === undefined) return
    const greeting = { protocolVersion: '2024-11-05', capabilities: {}, serverInfo: { name: 'scripted', version: '1' } }
    const result = message.method === 'initialize' ? greeting : {}
    events!.write(`data: ${JSON.stringify({ jsonrpc: '2.0', id: message.id, result })}\n\n`)
  })
  return await opened(context, networkTarget('sse', url), target => sseTransport(target, options))
}

async function listening(
  context: TestContext,
  handler: (request: IncomingMessage, response: ServerResponse) => unknown,
): Promise<string> {
  const server = createServer(handler)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  context.after(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/sse`
}

function open(url: string) {
  const target = networkTarget('sse', url, { connect: 500 })
  return mcpConnector({ environment: {} }).open(target, { onListChanged: () => {} }, AbortSignal.timeout(10_000))
}
