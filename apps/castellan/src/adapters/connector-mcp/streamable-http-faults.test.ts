import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { describe, test, type TestContext } from 'node:test'
import { eventually } from '../../gate/connector.testsuite.ts'
import { isFault } from '../../kernel/index.ts'
import type { Reply, Target } from '../../gate/index.ts'
import { opened } from './fixtures/opened.ts'
import { answer, type Exchange, scriptedServer } from './fixtures/scripted-server.ts'
import { networkTarget, openSockets } from './fixtures/spawned-fixture.ts'
import { mcpConnector } from './index.ts'
import { type HttpOptions, streamableHttpTransport } from './streamable-http.ts'

const MEGABYTE = 1024 * 1024

describe('streamable HTTP tells what became of a call', { timeout: 60_000 }, () => {
  test('503 breaks a call that may be repeated, and the next one succeeds', async context => {
    const replies = [503, 200]
    const { ask } = await talking(
      context,
      call(({ response, message }) => {
        if (replies.shift() === 503) response.writeHead(503).end('not now')
        else answer(response, message, { content: [] })
      }),
    )

    assert.deepEqual(broken(await ask('any')), { sent: true, retryable: true, retryAfter: null })
    assert.equal((await ask('any')).is, 'result')
  })

  test('429 carries the wait the server asked for', async context => {
    const { ask } = await talking(
      context,
      call(({ response }) => response.writeHead(429, { 'retry-after': '7' }).end()),
    )

    assert.deepEqual(broken(await ask('any')), { sent: true, retryable: true, retryAfter: 7_000 })
  })

  for (const status of [404, 400]) {
    test(`a session answered by ${status} is over, not half alive`, async context => {
      const { ask, link } = await talking(
        context,
        call(({ response }) => response.writeHead(status).end()),
      )

      const reply = await ask('any')

      assert.equal(reply.is, 'broken')
      assert.match(await link.closed, /session has expired/)
      assert.equal(broken(await ask('any')).sent, false)
    })
  }

  test('nothing was sent when the server no longer accepts connections', async context => {
    const { ask, server } = await talking(context, () => false)
    await server.stop()
    await eventually('the connections are seen to be closed', async () => openSockets().length === 0)

    assert.deepEqual(broken(await ask('any')), { sent: false, retryable: true, retryAfter: null })
  })

  test('a connection closed after the request was read counts as sent', async context => {
    const { ask } = await talking(
      context,
      call(({ request }) => request.socket.destroy()),
    )

    assert.deepEqual(broken(await ask('any')), { sent: true, retryable: true, retryAfter: null })
  })

  test('an event stream that ends before the answer breaks the call at once', async context => {
    const { ask } = await talking(
      context,
      call(({ response }) => eventStream(response).end()),
    )

    const reply = await ask('any')

    assert.match(reply.is === 'broken' ? reply.why : '', /stream ended before the answer/)
  })

  test('what is not JSON-RPC is a fault of the server, not of the connection', async context => {
    const { ask } = await talking(
      context,
      call(({ response }) => response.writeHead(200, { 'content-type': 'application/json' }).end('<html>')),
    )

    assert.deepEqual(broken(await ask('any')), { sent: true, retryable: false, retryAfter: null })
  })
})

describe('streamable HTTP resumes event streams', { timeout: 60_000 }, () => {
  test('an answer that comes after the stream broke is fetched with Last-Event-ID', async context => {
    const { ask, server } = await talking(context, ({ request, response, message }) => {
      if (request.headers['last-event-id'] === 'event-1') {
        return void eventStream(response).end(
          `data: {"jsonrpc":"2.0","id":${lastCall},"result":{"content":[],"resumed":true}}\n\n`,
        )
      }
      if (message.method !== 'tools/call') return false
      lastCall = message.id ?? 0
      eventStream(response).write('id: event-1\nretry: 100\ndata:\n\n', () => response.socket?.destroy())
    })
    let lastCall = 0

    const reply = await ask('any')

    assert.equal(reply.is === 'result' && reply.result.resumed, true)
    assert.equal(server.seen.filter(({ verb }) => verb === 'GET').at(-1)?.headers['last-event-id'], 'event-1')
  })

  test('three reconnects that fail break the call', async context => {
    const times: number[] = []
    const { ask } = await talking(
      context,
      ({ request, response, message }) => {
        if (request.headers['last-event-id'] !== undefined) {
          times.push(performance.now())
          return void response.writeHead(502).end()
        }
        if (message.method !== 'tools/call') return false
        eventStream(response).end('id: event-1\ndata:\n\n')
      },
      { reconnects: [100, 200, 400] },
    )

    const reply = await ask('any')

    assert.match(reply.is === 'broken' ? reply.why : '', /3 attempts to reconnect failed/)
    assert.equal(times.length, 3)
    assert.ok(times[2]! - times[1]! >= 390 && times[1]! - times[0]! >= 190, `at ${times.join(', ')}`)
  })

  test('a standing stream that is lost for good ends the session', async context => {
    let first = true
    const { link } = await talking(
      context,
      ({ request, response }) => {
        if (request.method !== 'GET') return false
        if (first) eventStream(response).end('id: event-1\ndata:\n\n')
        else response.writeHead(502).end()
        first = false
      },
      { reconnects: [100, 100, 100] },
    )

    assert.match(await link.closed, /attempts to reconnect failed/)
  })

  test('a standing stream may be silent for longer than the read timeout', async context => {
    let standing: Exchange | undefined
    const { link, ask } = await talking(
      context,
      exchange => {
        if (exchange.request.method !== 'GET') return false
        standing = exchange
        eventStream(exchange.response).flushHeaders()
      },
      {},
      { read: 200 },
    )
    await eventually('the stream stands', async () => standing !== undefined)
    const until = performance.now() + 800

    await eventually('time has passed', async () => performance.now() > until)

    assert.equal(standing?.response.destroyed, false)
    assert.equal((await ask('any')).is, 'result')
    await link.close()
  })
})

describe('streamable HTTP is bounded', { timeout: 60_000 }, () => {
  for (const type of ['application/json', 'text/event-stream']) {
    test(`a message of a gigabyte in ${type} is refused within the bound`, async context => {
      let written = 0
      const { ask, link } = await talking(
        context,
        call(({ response }) => {
          response.writeHead(200, { 'content-type': type })
          response.write('id: event-1\ndata:')
          written = 0
          const chunk = Buffer.alloc(MEGABYTE, 0x20)
          const more = (): void => {
            while (!response.destroyed && written < 1024 * MEGABYTE) {
              written += chunk.length
              if (!response.write(chunk)) return void response.once('drain', more)
            }
            response.end()
          }
          more()
        }),
        { maxMessage: 8 * MEGABYTE },
      )
      const before = process.memoryUsage().rss

      const reply = await ask('any')

      assert.match(reply.is === 'broken' ? reply.why : '', /larger than 8388608 bytes/)
      assert.deepEqual(broken(reply), { sent: true, retryable: false, retryAfter: null })
      assert.ok(written < 64 * MEGABYTE, `the server could write ${written} bytes`)
      assert.ok(process.memoryUsage().rss - before < 200 * MEGABYTE)
      // It concerns one message, not the session.
      await link.probe(AbortSignal.timeout(5_000))
    })
  }

  test('a gigabyte that is announced is refused before it is read', async context => {
    const { ask } = await talking(
      context,
      call(({ response }) =>
        response
          .writeHead(200, { 'content-type': 'application/json', 'content-length': 1024 * MEGABYTE })
          .flushHeaders(),
      ),
    )

    assert.match(JSON.stringify(await ask('any')), /larger than/)
  })

  test('a compressed answer, which could be a bomb, is refused', async context => {
    const { ask, server } = await talking(
      context,
      call(({ response }) =>
        response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end('x'),
      ),
    )

    assert.match(JSON.stringify(await ask('any')), /compressed/)
    assert.equal(server.seen.at(-1)?.headers['accept-encoding'], 'identity')
  })

  test('a server that never answers is left at once when the call is cancelled, and its connection freed', async context => {
    let arrived = false
    let freed = false
    const { ask } = await talking(context, ({ request, message }) => {
      // Not even the cancellation is confirmed.
      if (message.method === 'notifications/cancelled') return
      if (message.method !== 'tools/call') return false
      arrived = true
      request.socket.on('close', () => (freed = true))
    })
    const cancelling = new AbortController()
    const reply = ask('any', {}, cancelling.signal)
    await eventually('the request has arrived', async () => arrived)
    const cancelledAt = performance.now()

    cancelling.abort()

    assert.equal(broken(await reply).sent, true)
    assert.ok(performance.now() - cancelledAt < 200)
    await eventually('the connection is freed', async () => freed)
    assert.ok(performance.now() - cancelledAt < 1_000)
  })

  test('a server that accepts connections and never speaks is left after the connect timeout', async context => {
    const mute = createServer(socket => void socket.on('error', () => {}).resume())
    await new Promise<void>(resolve => mute.listen(0, '127.0.0.1', resolve))
    context.after(() => mute.close())
    const { port } = mute.address() as { port: number }
    const target = networkTarget('streamable-http', `http://127.0.0.1:${port}/mcp`, { connect: 400 })

    const opening = mcpConnector({ environment: {} }).open(
      target,
      { onListChanged: () => {} },
      AbortSignal.timeout(10_000),
    )

    await assert.rejects(opening, error => isFault(error, 'UPSTREAM_TIMEOUT'))
  })

  test('a slow drip is waited for, since every chunk is a sign of life', async context => {
    const { ask } = await talking(
      context,
      call(({ response, message }) => {
        const body = JSON.stringify({ jsonrpc: '2.0', id: message.id, result: { content: [] } })
        response.writeHead(200, { 'content-type': 'application/json' })
        let at = 0
        const drip = setInterval(() => {
          response.write(body.slice(at, at + 4))
          at += 4
          if (at < body.length) return
          clearInterval(drip)
          response.end()
        }, 100)
      }),
      {},
      { read: 500 },
    )

    assert.equal((await ask('any')).is, 'result')
  })

  test('silence longer than the read timeout breaks the call', async context => {
    const { ask } = await talking(
      context,
      call(({ response }) => eventStream(response).write(': hello\n\n')),
      {},
      { read: 300 },
    )

    assert.deepEqual(broken(await ask('any')), { sent: true, retryable: true, retryAfter: null })
  })
})

describe('streamable HTTP keeps secrets and connections to itself', { timeout: 60_000 }, () => {
  test('a redirect to another origin is not followed and gets no header', async context => {
    const other = await scriptedServer(() => false)
    context.after(() => other.stop())
    const { ask } = await talking(
      context,
      call(({ response }) => response.writeHead(307, { location: other.url }).end()),
    )

    const reply = await ask('any')

    assert.match(reply.is === 'broken' ? reply.why : '', /redirects to .*not followed/)
    assert.deepEqual(other.seen, [])
  })

  test('a redirect within the origin is followed with the same headers', async context => {
    const { ask, server } = await talking(
      context,
      call(({ request, response, message }) => {
        if (request.url === '/mcp') response.writeHead(307, { location: '/other' }).end()
        else answer(response, message, { content: [] })
      }),
    )

    assert.equal((await ask('any')).is, 'result')
    assert.equal(server.seen.at(-1)?.headers.authorization, 'Bearer s3cret-t0ken')
  })

  test('a hundred calls in a row share a connection', async context => {
    const { ask, server } = await talking(context, () => false)
    await ask('any')
    const { made } = server.sockets

    for (let index = 0; index < 100; index++) assert.equal((await ask('any')).is, 'result')

    assert.ok(made <= 3, `${made} connections for the greeting and what goes along with it`)
    assert.equal(server.sockets.made, made)
  })

  test('of many connections only twenty are kept while idle', async context => {
    const waiting: (() => void)[] = []
    const { ask, server } = await talking(
      context,
      call(({ response, message }) => void waiting.push(() => answer(response, message, { content: [] }))),
    )
    const replies = Array.from({ length: 60 }, () => ask('any'))
    await eventually('all are under way', async () => waiting.length === 60)
    assert.ok(server.sockets.open >= 60)

    waiting.forEach(release => release())

    assert.ok((await Promise.all(replies)).every(({ is }) => is === 'result'))
    await eventually('the surplus is closed', async () => server.sockets.open <= 20)
    assert.ok(server.sockets.open >= 15, `${server.sockets.open} are left`)
  })

  test('there are never more than a hundred connections', async context => {
    const waiting: (() => void)[] = []
    const { ask, server } = await talking(
      context,
      call(({ response, message }) => {
        const release = (): void => answer(response, message, { content: [] })
        if (waiting.push(release) >= 100) waiting.splice(0).forEach(each => each())
      }),
    )

    const replies = await Promise.all(Array.from({ length: 200 }, () => ask('any')))

    assert.ok(replies.every(({ is }) => is === 'result'))
    assert.ok(server.sockets.made <= 101, `${server.sockets.made} connections`)
  })

  test('a stream that the server keeps open after its answer is let go', async context => {
    let ended = false
    const { ask } = await talking(
      context,
      call(({ response, message }) => {
        response.on('close', () => (ended = true))
        eventStream(response).write(`data: {"jsonrpc":"2.0","id":${message.id},"result":{"content":[]}}\n\n`)
      }),
    )

    assert.equal((await ask('any')).is, 'result')

    await eventually('the stream is let go', async () => ended)
  })

  test('closing ends the session at the server', async context => {
    const { link, server } = await talking(context, () => false)

    await link.close()

    const farewell = server.seen.at(-1)
    assert.equal(farewell?.verb, 'DELETE')
    assert.equal(farewell?.headers['mcp-session-id'], 'the-session')
    await eventually('every connection is closed', async () => server.sockets.open === 0)
  })

  test('closing waits two seconds at most for a server that does not take leave', async context => {
    const { link, server } = await talking(context, ({ request }) => (request.method === 'DELETE' ? undefined : false))
    const begun = performance.now()

    await link.close()

    assert.ok(performance.now() - begun < 3_000)
    await eventually('every connection is closed', async () => server.sockets.open === 0)
  })
})

/** A session with a scripted server. */
async function talking(
  context: TestContext,
  script: (exchange: Exchange) => false | void,
  options: HttpOptions = {},
  timeouts: Partial<Target['timeouts']> = {},
) {
  const server = await scriptedServer(script)
  context.after(() => server.stop())
  const target = networkTarget('streamable-http', server.url, timeouts)
  return { server, ...(await opened(context, target, at => streamableHttpTransport(at, options))) }
}

/** A script for calls of tools alone. */
function call(script: (exchange: Exchange) => unknown): (exchange: Exchange) => false | void {
  return exchange => {
    if (exchange.message.method !== 'tools/call') return false
    script(exchange)
  }
}

function eventStream(response: Exchange['response']): Exchange['response'] {
  return response.writeHead(200, { 'content-type': 'text/event-stream' })
}

function broken(reply: Reply) {
  if (reply.is !== 'broken') assert.fail(JSON.stringify(reply))
  const { sent, retryable, retryAfter } = reply
  return { sent, retryable, retryAfter }
}
