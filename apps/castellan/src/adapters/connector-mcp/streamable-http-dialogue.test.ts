import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { describe, test, type TestContext } from 'node:test'
import type { Target } from '../../gate/index.ts'
import type { JsonObject } from '../../kernel/index.ts'
import { opened } from './fixtures/opened.ts'
import { answer, type Exchange, type Message, scriptedServer } from './fixtures/scripted-server.ts'
import { networkTarget } from './fixtures/spawned-fixture.ts'
import { testClient } from './fixtures/test-client.ts'
import { streamableHttpTransport } from './streamable-http.ts'
import type { Era } from './transport.ts'

const accepts = () => ({ is: 'result', result: { action: 'accept' } }) as const
const question = { jsonrpc: '2.0', id: 'q', method: 'elicitation/create', params: { message: 'Sure?' } }

describe('a server over HTTP asks while calls are under way', { timeout: 60_000 }, () => {
  test('on the stream of a call its client is asked, though calls of others are under way', async context => {
    const streams = new Map<unknown, [Message, ServerResponse]>()
    const { ask } = await talking(context, ({ message, response }) => {
      const { id, method, params } = message
      if (method === 'tools/call') {
        streams.set(params?.name, [message, eventStream(response)])
        if (streams.size === 2) send(streams.get('of ann')![1], question)
        return
      }
      if (method !== undefined || id === undefined) return false
      response.writeHead(202).end()
      for (const [call, stream] of streams.values()) finish(stream, call)
    })
    const [ann, bob] = [testClient({ id: 'ann', answer: accepts }), testClient({ id: 'bob', answer: accepts })]

    const replies = await Promise.all([ask('of ann', {}, soon(), ann), ask('of bob', {}, soon(), bob)])

    assert.deepEqual(
      replies.map(({ is }) => is),
      ['result', 'result'],
    )
    assert.equal(ann.asked.length, 1)
    assert.equal(bob.asked.length, 0)
  })

  test('on the standing stream the one client there is is asked', async context => {
    let standing: ServerResponse | undefined
    let call: [Message, ServerResponse] | undefined
    const { ask } = await talking(context, ({ request, message, response }) => {
      const { id, method } = message
      if (request.method === 'GET') return (standing = eventStream(response)).flushHeaders()
      if (method === 'tools/call') {
        call = [message, response]
        return send(standing!, question)
      }
      if (method !== undefined || id === undefined) return false
      response.writeHead(202).end()
      answer(call![1], call![0], { content: [], answered: message as JsonObject })
    })

    const reply = await ask('any', {}, soon(), testClient({ answer: accepts }))

    assert.deepEqual(reply.is === 'result' && reply.result.answered, {
      jsonrpc: '2.0',
      id: 'q',
      result: { action: 'accept' },
    })
  })

  test('while a client thinks, its call may be silent for longer than the read timeout', async context => {
    const { ask } = await talking(
      context,
      ({ message, response }) => {
        const { id, method } = message
        if (method === 'tools/call') {
          call = [message, eventStream(response)]
          return send(response, question)
        }
        if (method !== undefined || id === undefined) return false
        response.writeHead(202).end()
        finish(call![1], call![0])
      },
      { read: 200 },
    )
    let call: [Message, ServerResponse] | undefined
    const client = {
      ...testClient(),
      ask: () => new Promise<ReturnType<typeof accepts>>(resolve => setTimeout(() => resolve(accepts()), 700)),
    }

    assert.equal((await ask('any', {}, soon(), client)).is, 'result')
  })

  test('a stream that the server ends to be polled is taken up after the time it asked for', async context => {
    let endedAt = 0
    let backAt = 0
    let call: Message = {}
    const { ask, server } = await talking(context, ({ request, message, response }) => {
      if (request.headers['last-event-id'] === 'event-1') {
        backAt = performance.now()
        // It goes on for ever.
        return send(eventStream(response), { jsonrpc: '2.0', id: call.id, result: { content: [], resumed: true } })
      }
      if (message.method !== 'tools/call') return false
      call = message
      eventStream(response).end('id: event-1\nretry: 500\ndata: \n\n', () => (endedAt = performance.now()))
    })

    const reply = await ask('any')

    assert.equal(reply.is === 'result' && reply.result.resumed, true)
    assert.ok(backAt - endedAt > 450 && backAt - endedAt < 900, `after ${backAt - endedAt} ms`)
    assert.equal(server.seen.filter(({ method }) => method === 'tools/call').length, 1)
  })

  test('an error of the protocol is an error, whatever the status it comes with', async context => {
    for (const status of [400, 404, 500]) {
      const { ask } = await talking(
        context,
        ({ message, response }) => {
          if (message.method !== 'tools/call') return false
          const error = { code: -32603, message: 'broken', data: { kept: 1 } }
          response.writeHead(status, { 'content-type': 'application/json' })
          response.end(JSON.stringify({ jsonrpc: '2.0', id: message.id, error }))
        },
        {},
      )
      const reply = await ask('any')
      assert.deepEqual(reply, { is: 'error', error: { code: -32603, message: 'broken', data: { kept: 1 } } })
    }
  })

  for (const [status, why] of [
    [401, /wants credentials/],
    [403, /do not allow/],
  ] as const) {
    test(`${status} says what is missing`, async context => {
      const { ask } = await talking(context, ({ message, response }) => {
        if (message.method !== 'tools/call') return false
        response.writeHead(status).end()
      })
      const reply = await ask('any')
      assert.match(reply.is === 'broken' ? reply.why : '', why)
    })
  }
})

describe('a modern server over HTTP', { timeout: 60_000 }, () => {
  const discovered = { supportedVersions: ['2026-07-28'], capabilities: { tools: {} }, resultType: 'complete' }

  test('every message names its revision and method in headers and body', async context => {
    const { ask, server } = await talking(context, modern(discovered), {}, 'modern')

    await ask('überweisen')

    for (const { headers, body } of server.seen.filter(({ verb }) => verb === 'POST')) {
      assert.equal(headers['mcp-protocol-version'], '2026-07-28')
      assert.equal(headers['mcp-method'], body.method)
      const meta = body.params?._meta
      assert.equal(meta?.['io.modelcontextprotocol/protocolVersion'], '2026-07-28')
      assert.deepEqual(meta?.['io.modelcontextprotocol/clientCapabilities'], {})
    }
    const name = `=?base64?${Buffer.from('überweisen').toString('base64')}?=`
    assert.equal(server.seen.at(-1)?.headers['mcp-name'], name)
    assert.ok(!server.seen.some(({ verb }) => verb === 'GET'))
  })

  test('one that refuses the revision it names is asked once more, and not in the old way', async context => {
    const refusals = [{ code: -32022, message: 'odd', data: { supported: ['2026-07-28'], requested: '2026-07-28' } }]
    const { ask, server } = await talking(
      context,
      exchange => {
        const error = refusals.shift()
        if (error === undefined) return modern(discovered)(exchange)
        exchange.response.writeHead(400, { 'content-type': 'application/json' })
        exchange.response.end(JSON.stringify({ jsonrpc: '2.0', id: exchange.message.id, error }))
      },
      {},
      'modern',
    )

    assert.equal((await ask('any')).is, 'result')
    assert.deepEqual(
      server.seen.map(({ method }) => method),
      ['server/discover', 'server/discover', 'tools/call'],
    )
  })

  test('one that answers the new question with nothing is asked in the old way', async context => {
    const { ask } = await talking(
      context,
      ({ message, response }) => {
        if (message.method !== 'server/discover') return false
        response.writeHead(200, { 'content-type': 'application/json' }).end('{"jsonrpc":"2.0","result":{}}')
      },
      {},
      'modern',
    )

    assert.equal((await ask('any')).is, 'result')
  })
})

/** A session with a scripted server. */
async function talking(
  context: TestContext,
  script: (exchange: Exchange) => false | void,
  timeouts: Partial<Target['timeouts']> = {},
  era: Era = 'legacy',
) {
  const server = await scriptedServer(script)
  context.after(() => server.stop())
  const target = networkTarget('streamable-http', server.url, timeouts)
  return { server, ...(await opened(context, target, at => streamableHttpTransport(at), era)) }
}

function modern(discovered: JsonObject): (exchange: Exchange) => false | void {
  return ({ message, response }) => {
    if (message.method === 'server/discover') answer(response, message, discovered)
    else return false
  }
}

function eventStream(response: ServerResponse): ServerResponse {
  return response.writeHead(200, { 'content-type': 'text/event-stream' })
}

function send(stream: ServerResponse, message: object): void {
  stream.write(`data: ${JSON.stringify(message)}\n\n`)
}

function finish(stream: ServerResponse, { id }: Message): void {
  stream.end(`data: ${JSON.stringify({ jsonrpc: '2.0', id, result: { content: [] } })}\n\n`)
}

function soon(): AbortSignal {
  return AbortSignal.timeout(10_000)
}
