import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { describe, test, type TestContext } from 'node:test'
import { type WebSocket, WebSocketServer } from 'ws'
import { isFault } from '../../kernel/index.ts'
import { opened } from './fixtures/opened.ts'
import { networkTarget } from './fixtures/spawned-fixture.ts'
import { mcpConnector } from './index.ts'
import { webSocketTransport, type WebSocketOptions } from './websocket.ts'

interface Message {
  readonly id?: number
  readonly method?: string
}

describe('WebSocket', { timeout: 60_000 }, () => {
  test('a peer that falls silent is found dead by its missing pongs, and no call hangs', async context => {
    const { ask, link } = await talking(
      context,
      (socket, message) => {
        if (message.method !== 'tools/call') return false
        // It still takes bytes, and neither reads nor answers them.
        rawOf(socket).pause()
      },
      { pingEvery: 100 },
    )

    const reply = await ask('any')

    assert.equal(reply.is === 'broken' && reply.sent, true)
    assert.match(await link.closed, /no longer answers pings/)
  })

  test('a peer that answers pings may think for long', async context => {
    const { ask } = await talking(
      context,
      (socket, message) => {
        if (message.method !== 'tools/call') return false
        let pings = 0
        socket.on('ping', () => {
          if (++pings === 5) answer(socket, message, {})
        })
      },
      { pingEvery: 50 },
    )

    assert.equal((await ask('any')).is, 'result')
  })

  test('what is not JSON-RPC in a text message is reported and dropped, and the call goes on', async context => {
    const { ask, log } = await talking(context, (socket, message) => {
      if (message.method !== 'tools/call') return false
      socket.send('not json')
      socket.send('[]')
      socket.send(Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: message.id, result: { binary: true } })))
      answer(socket, message, { text: true })
    })

    const reply = await ask('any')

    assert.equal(reply.is === 'result' && reply.result.text, true)
    assert.ok(log.some(line => /not JSON-RPC/.test(line)))
  })

  test('a message in many fragments is one message', async context => {
    const { ask } = await talking(context, (socket, message) => {
      if (message.method !== 'tools/call') return false
      const text = JSON.stringify({ jsonrpc: '2.0', id: message.id, result: { whole: true } })
      for (let at = 0; at < text.length; at++) socket.send(text.charAt(at), { fin: at === text.length - 1 })
    })

    const reply = await ask('any')

    assert.equal(reply.is === 'result' && reply.result.whole, true)
  })

  test('a message that is too large ends the connection before it is read', async context => {
    const { ask, link } = await talking(
      context,
      (socket, message) => {
        if (message.method !== 'tools/call') return false
        socket.send('x'.repeat(2_000_000))
      },
      { maxMessage: 1_000_000 },
    )

    assert.equal((await ask('any')).is, 'broken')
    assert.match(await link.closed, /larger than 1000000 bytes/)
  })

  test('a connection the server ends breaks what is under way, and later calls are not sent', async context => {
    const { ask, link } = await talking(context, (socket, message) => {
      if (message.method !== 'tools/call') return false
      socket.close(1011)
    })

    const reply = await ask('any')

    assert.equal(reply.is === 'broken' && reply.sent, true)
    assert.match(await link.closed, /1011/)
    const late = await ask('any')
    assert.equal(late.is === 'broken' && late.sent, false)
  })

  test('a peer that takes no more messages is dropped after the write timeout', async context => {
    const { ask, link } = await talking(
      context,
      (socket, message) => {
        if (message.method !== 'tools/call') return false
        rawOf(socket).pause()
      },
      {},
      { write: 300 },
    )
    const stuck = ask('any')

    const large = await ask('any', { text: 'x'.repeat(30_000_000) })

    assert.equal(large.is === 'broken' && large.sent, true)
    assert.equal((await stuck).is, 'broken')
    assert.match(await link.closed, /takes no more messages/)
  })

  test('headers go with the handshake', async context => {
    const { headers } = await talking(context, () => false)

    assert.equal(headers[0]?.authorization, 'Bearer s3cret-t0ken')
    assert.equal(headers[0]?.['sec-websocket-protocol'], 'mcp')
  })

  for (const status of [401, 503, 302]) {
    test(`opening fails with a reason when the handshake is answered by ${status}`, async context => {
      const url = await upgrading(context, socket => {
        socket.end(`HTTP/1.1 ${status} No\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n`)
      })

      await assert.rejects(open(url), error => {
        assert.ok(isFault(error, 'UPSTREAM_UNREACHABLE'))
        return error.message.includes(`HTTP ${status}`)
      })
    })
  }

  test('a server that never answers the handshake is left after the connect timeout', async context => {
    const url = await upgrading(context, () => {})

    await assert.rejects(open(url), error => isFault(error))
  })

  test('a server without the subprotocol is refused with that reason', async context => {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0, handleProtocols: () => false })
    await new Promise(resolve => server.on('listening', resolve))
    context.after(() => server.close())
    const { port } = server.address() as AddressInfo

    await assert.rejects(open(`ws://127.0.0.1:${port}`), /subprotocol "mcp"/)
  })
})

/** A session with a server whose answers the test decides; `false` leaves them to the default. */
async function talking(
  context: TestContext,
  script: (socket: WebSocket, message: Message) => false | void,
  options: WebSocketOptions = {},
  timeouts: Parameters<typeof networkTarget>[2] = {},
) {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, maxPayload: 0 })
  await new Promise(resolve => server.on('listening', resolve))
  context.after(() => {
    for (const socket of server.clients) socket.terminate()
    server.close()
  })
  const headers: Record<string, unknown>[] = []
  server.on('connection', (socket, request) => {
    headers.push(request.headers)
    socket.on('error', () => {})
    socket.on('message', data => {
      const message = JSON.parse((data as Buffer).toString()) as Message
      if (script(socket, message) !== false || message.id === undefined) return
      const serverInfo = { name: 'scripted', version: '1' }
      answer(
        socket,
        message,
        message.method === 'initialize' ? { protocolVersion: '2025-11-25', capabilities: {}, serverInfo } : {},
      )
    })
  })
  const target = networkTarget('websocket', `ws://127.0.0.1:${(server.address() as AddressInfo).port}`, timeouts)
  return { headers, ...(await opened(context, target, at => webSocketTransport(at, options))) }
}

function answer(socket: WebSocket, { id }: Message, result: object): void {
  socket.send(JSON.stringify({ jsonrpc: '2.0', id, result }))
}

/** The connection below a server's socket. */
function rawOf(socket: WebSocket): Duplex {
  return (socket as unknown as { _socket: Duplex })._socket
}

/** A server that does as it likes with connections that ask for an upgrade. */
async function upgrading(context: TestContext, handle: (socket: Duplex) => void): Promise<string> {
  const server = createServer()
  const sockets: Duplex[] = []
  server.on('upgrade', (_, socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
    handle(socket)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  context.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`
}

function open(url: string) {
  const target = networkTarget('websocket', url, { connect: 500 })
  return mcpConnector({ environment: {} }).open(target, { onListChanged: () => {} }, AbortSignal.timeout(10_000))
}
