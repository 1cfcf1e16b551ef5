import assert from 'node:assert/strict'
import { type AddressInfo, createServer } from 'node:net'
import { describe, test } from 'node:test'
import { allowedCall, connectorSuite } from '../../gate/connector.testsuite.ts'
import type { CallIo, Link, Reply, Target } from '../../gate/index.ts'
import { digestJson, isFault, type JsonObject } from '../../kernel/index.ts'
import { type Capability, defaultTimeouts } from '../../registry/index.ts'
import { adapterConnector } from './adapter-connector.ts'
import { type Handler, type HttpFixture, httpServer, json } from '../http-client/fixtures/http-server.ts'
import { definitions, toolServer } from './fixtures/tool-server.ts'

const secret = 's3cret-t0ken'

function targetAt(endpoint: string, rest: Partial<Target> = {}): Target {
  return {
    serverId: 'id-of-tools',
    server: 'tools',
    replica: 0,
    connection: { transport: 'http-adapter', endpoints: [endpoint], headers: {} },
    endpoint,
    values: { Authorization: `Bearer ${secret}` },
    timeouts: defaultTimeouts,
    announces: {},
    ...rest,
  }
}

await connectorSuite('the connector of plain HTTP tool servers', async () => {
  const server = await toolServer()
  return {
    connector: adapterConnector,
    target: targetAt(`${server.url}/base/`),
    unreachable: targetAt('http://127.0.0.1:1/base/'),
    offers: definitions.map(definition => ({ primitive: 'tool', name: definition.name, definition }) as const),
    echo: text => ({ tool: 'echo', args: { text } }),
    fail: { tool: 'fail', args: {} },
    refuse: { ask: { tool: 'refuse', args: {} }, code: -32603 },
    slow: {
      ask: text => ({ tool: 'slow', args: { text } }),
      started: { tool: 'started', args: {} },
      cancelled: { tool: 'cancelled', args: {} },
    },
    crash: text => ({ tool: 'crash', args: { text } }),
    big: characters => ({ tool: 'big', args: { characters } }),
    leftovers: server.connections,
    stop: server.stop,
  }
})

describe('discovery', () => {
  test('a bare array and input_schema are understood, and nothing else of a definition is touched', () =>
    withServer(listing([{ name: 'old', input_schema: { type: 'object' }, extra: { deep: [1] } }]), async ({ link }) => {
      const { capabilities } = await link.discover(soon())

      assert.deepEqual(
        capabilities.map(({ definition }) => definition),
        [{ name: 'old', extra: { deep: [1] }, inputSchema: { type: 'object' } }],
      )
    }))

  test('a definition that cannot be used is left out with a warning, and the others stay', () => {
    const tools = [{ name: 'good' }, 7, {}, { name: 'odd', inputSchema: 'no' }, { name: 'good' }]
    return withServer(listing({ tools }), async ({ link }) => {
      const { capabilities, warnings } = await link.discover(soon())

      assert.deepEqual(
        capabilities.map(({ name }) => name),
        ['good'],
      )
      assert.equal(warnings.length, 4)
    })
  })

  for (const [what, body] of Object.entries({
    'text that is no JSON': `<html>${secret}</html>`,
    'no list': '{"tools":"many"}',
    'nesting without end': '['.repeat(100_000),
    'a key that appears twice': `{"${secret}":1,"${secret}":2}`,
  })) {
    test(`${what} instead of tools is UPSTREAM_PROTOCOL, without a word of what came`, () =>
      withServer(listing(body), async ({ link }) => {
        await assert.rejects(link.discover(soon()), error => {
          assert.ok(isFault(error, 'UPSTREAM_PROTOCOL'), String(error))
          assert.ok(!error.message.includes(secret), error.message)
          return true
        })
      }))
  }
})

describe('a call', () => {
  test('carries tool, arguments, operator headers and the idempotency key', () =>
    withServer(calling({ content: [] }), async ({ call, server }) => {
      await call({ args: { a: [1, null] }, upstreamKey: 'key-1' })

      const { url, body, headers } = server.received.at(-1)!
      assert.equal(url, '/mcp/call_tool')
      assert.deepEqual(JSON.parse(body), { tool: 'tool', arguments: { a: [1, null] } })
      assert.equal(headers['idempotency-key'], 'key-1')
      assert.equal(headers.authorization, `Bearer ${secret}`)
    }))

  test('without an idempotency key sends none', () =>
    withServer(calling({ content: [] }), async ({ call, server }) => {
      await call({})

      assert.equal(server.received.at(-1)!.headers['idempotency-key'], undefined)
    }))

  test('passes every field of the result, and adds a missing isError', () =>
    withServer(
      calling({ content: [{ type: 'new', x: 1 }], structuredContent: { a: 1 }, later: true }),
      async ({ call }) => {
        assert.deepEqual(await call({}), {
          is: 'result',
          result: { content: [{ type: 'new', x: 1 }], structuredContent: { a: 1 }, later: true, isError: false },
        })
      },
    ))

  for (const body of [
    '',
    'null',
    '[]',
    '{}',
    '{"content":"x"}',
    '{"content":[1]}',
    '{"content":[],"isError":"no"}',
    '<p>',
  ]) {
    test(`answered with ${JSON.stringify(body)} is broken, sent, and not to be repeated`, () =>
      withServer(calling(body), async ({ call }) => {
        const reply = await call({})
        assert.deepEqual(
          { ...reply, why: '' },
          { is: 'broken', sent: true, retryable: false, retryAfter: null, why: '' },
        )
      }))
  }

  for (const status of [408, 425, 429, 500, 503, 599]) {
    test(`answered with ${status} is broken and may be repeated`, () =>
      withServer(calling({}, status, { 'retry-after': '3' }), async ({ call }) => {
        const reply = await call({})
        assert.deepEqual(
          { ...reply, why: '' },
          { is: 'broken', sent: true, retryable: true, retryAfter: 3_000, why: '' },
        )
      }))
  }

  for (const status of [302, 400, 401, 404, 422]) {
    test(`answered with ${status} is an error that names the status`, () =>
      withServer(calling(secret, status, { location: 'http://127.0.0.1:1/' }), async ({ call }) => {
        const reply = await call({})
        assert.equal(reply.is, 'error')
        assert.match(JSON.stringify(reply), new RegExp(`HTTP ${status}`))
        assert.ok(!JSON.stringify(reply).includes(secret))
      }))
  }

  test('answered with more than ten megabytes is an error of the tool that says so', () =>
    withServer(calling('x'.repeat(10 * 1024 * 1024 + 1)), async ({ call }) => {
      const reply = await call({})
      assert.equal(reply.is === 'result' && reply.result.isError, true)
      assert.match(JSON.stringify(reply), /more than 10485760 bytes/)
    }))

  test('to a server that has stopped listening was not sent and may be repeated', () =>
    withServer(calling({ content: [] }), async ({ call, server }) => {
      server.crash()
      await server.connections()
      const replies = [await call({}), await call({})]
      assert.deepEqual(
        replies.at(-1),
        { is: 'broken', sent: false, retryable: true, retryAfter: null, why: 'the connection was refused' },
        JSON.stringify(replies),
      )
    }))

  test('that is not answered in time is broken as sent', () => {
    const timeouts = { ...defaultTimeouts, read: 200 }
    const silent: Handler = ({ url }, response) => void (url === '/health' && json(response, {}))
    return withServer(
      silent,
      async ({ call }) => {
        const reply = await call({})
        assert.deepEqual(reply, {
          is: 'broken',
          sent: true,
          retryable: true,
          retryAfter: null,
          why: 'no answer within 200ms',
        })
      },
      { timeouts },
    )
  })

  test('that gets no connection in time was not sent and may be repeated', () => {
    const timeouts = { ...defaultTimeouts, connect: 1_000, pool: 200 }
    const silent: Handler = ({ url }, response) => void (url === '/health' && json(response, {}))
    return withServer(
      silent,
      async ({ call, link }) => {
        const underWay = Array.from({ length: 100 }, () => call({}))

        const oneTooMany = await call({})

        assert.deepEqual(oneTooMany, {
          is: 'broken',
          sent: false,
          retryable: true,
          retryAfter: null,
          why: 'no connection within 1200ms',
        })
        await link.close()
        for (const reply of await Promise.all(underWay)) assert.equal(reply.is === 'broken' && reply.sent, true)
      },
      { timeouts },
    )
  })

  test('of a resource is refused without asking the server', () =>
    withServer(calling({ content: [] }), async ({ call, server }) => {
      const before = server.received.length
      const reply = await call({ method: 'resources/read' })
      assert.equal(reply.is === 'error' && reply.error.code, -32601)
      assert.equal(server.received.length, before)
    }))
})

describe('opening', () => {
  test('a server that says it is not well is UPSTREAM_UNREACHABLE, one without /health UPSTREAM_PROTOCOL', async () => {
    for (const [status, code] of [
      [503, 'UPSTREAM_UNREACHABLE'],
      [404, 'UPSTREAM_PROTOCOL'],
    ] as const) {
      const server = await httpServer((_, response) => json(response, {}, status))
      const opening = adapterConnector.open(targetAt(server.url), { onListChanged() {} }, soon())
      await assert.rejects(opening, error => isFault(error, code))
      assert.deepEqual(await server.connections(), [])
      await server.stop()
    }
  })

  test('a server that does not speak HTTP is UPSTREAM_UNREACHABLE', async () => {
    const server = createServer(socket =>
      socket
        .on('error', () => {})
        .resume()
        .end('220 mail.example ESMTP\r\n'),
    )
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const opening = adapterConnector.open(targetAt(`http://127.0.0.1:${port}`), { onListChanged() {} }, soon())
    await assert.rejects(opening, error => isFault(error, 'UPSTREAM_UNREACHABLE'))
    await new Promise(resolve => server.close(resolve))
  })

  for (const [name, value] of [
    ['X-Key', `${secret}\r\nx: y`],
    ['bad name', secret],
    ['Connection', secret],
  ] as const) {
    test(`the header "${name}" that cannot be sent is SECRET_UNREADABLE and not shown`, async () => {
      const opening = adapterConnector.open(
        targetAt('http://127.0.0.1:1', { values: { [name]: value } }),
        { onListChanged() {} },
        soon(),
      )
      await assert.rejects(opening, error => {
        assert.ok(isFault(error, 'SECRET_UNREADABLE'), String(error))
        assert.ok(!error.message.includes(secret))
        return true
      })
    })
  }
})

interface Opened {
  readonly link: Link
  readonly server: HttpFixture
  readonly target: Target
  readonly call: (ask: {
    readonly args?: JsonObject
    readonly upstreamKey?: string
    readonly method?: 'tools/call' | 'resources/read'
    readonly io?: Partial<CallIo>
  }) => Promise<Reply>
}

async function withServer(
  handler: Handler,
  body: (opened: Opened) => Promise<void>,
  rest: Partial<Target> = {},
): Promise<void> {
  const server = await httpServer(handler)
  const target = targetAt(server.url, rest)
  try {
    const link = await adapterConnector.open(target, { onListChanged() {} }, soon())
    try {
      const call: Opened['call'] = ({ args = {}, io, ...how }) =>
        link.call(allowedCall(target, tool('tool'), args, how), {
          signal: soon(),
          onProgress: null,
          client: null,
          ...io,
        })
      await body({ link, server, target, call })
    } finally {
      await link.close()
    }
  } finally {
    await server.stop()
  }
}

/** Answers list_tools; text goes out as it is. */
function listing(body: unknown): Handler {
  return ({ url }, response) => (url === '/mcp/list_tools' ? send(response, body) : json(response, {}))
}

/** Answers call_tool; text goes out as it is. */
function calling(body: unknown, status = 200, headers: Record<string, string> = {}): Handler {
  return ({ url }, response) => (url === '/mcp/call_tool' ? send(response, body, status, headers) : json(response, {}))
}

function send(
  response: Parameters<Handler>[1],
  body: unknown,
  status = 200,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body))
}

function tool(name: string): Capability {
  const definition = { name, inputSchema: { type: 'object' } }
  return { server: 'tools', primitive: 'tool', name, definition, digest: digestJson(definition), impliedEffect: null }
}

function soon(): AbortSignal {
  return AbortSignal.timeout(10_000)
}
