import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { allowedCall, connectorSuite, textOf } from '../../gate/connector.testsuite.ts'
import type { Link, Reply, Target } from '../../gate/index.ts'
import { isFault, type JsonObject } from '../../kernel/index.ts'
import { type Capability, defaultTimeouts } from '../../registry/index.ts'
import { documentOf } from './fixtures/compile-text.ts'
import { type Handler, type HttpFixture, httpServer, json } from '../http-client/fixtures/http-server.ts'
import { definitions, petService } from './fixtures/pet-service.ts'
import { openApiConnector } from './openapi-connector.ts'

const folder = mkdtempSync(join(tmpdir(), 'castellan-openapi-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const secret = 's3cret-t0ken'

function targetOf(document: string, endpoint: string, values: Record<string, string> = {}): Target {
  return {
    serverId: 'id-of-service',
    server: 'service',
    replica: 0,
    connection: { transport: 'openapi', document, endpoints: endpoint === '' ? [] : [endpoint], headers: {} },
    endpoint,
    values,
    timeouts: defaultTimeouts,
    announces: {},
  }
}

await connectorSuite('the connector of OpenAPI services', async () => {
  const server = await petService()
  const values = { authorization: `Bearer ${secret}`, 'query:key': 'k3y-in-query', 'cookie:sid': 'c00kie-value' }
  return {
    connector: openApiConnector,
    target: targetOf(`${server.url}/openapi.json`, `${server.url}/v1/`, values),
    unreachable: targetOf('http://127.0.0.1:1/openapi.json', 'http://127.0.0.1:1/v1', values),
    offers: definitions.map(definition => ({ primitive: 'tool', name: definition.name, definition }) as const),
    echo: text => ({ tool: 'echo', args: { body: { text } } }),
    fail: { tool: 'fail', args: {} },
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

describe('a request', () => {
  const styled = (style: string, where: string, explode: boolean) => ({
    name: where === 'path' && explode ? `${style}_exploded` : style,
    in: where,
    style,
    explode,
    required: where === 'path',
    schema: {},
  })
  const parameters = [
    ...['simple', 'label', 'matrix'].flatMap(style => [styled(style, 'path', false), styled(style, 'path', true)]),
    ...['form', 'spaceDelimited', 'pipeDelimited'].map(style => styled(style, 'query', false)),
    styled('deepObject', 'query', true),
    { name: 'X-List', in: 'header', schema: {} },
    { name: 'sid', in: 'cookie', schema: {} },
  ]
  const path = `/${parameters
    .filter(each => each.in === 'path')
    .map(({ name }) => `{${name}}`)
    .join('/')}`

  test('carries every style of parameter where it belongs', () =>
    withService({ [path]: { get: { operationId: 'op', parameters } } }, echoing, async ({ call, server }) => {
      await call({
        ...Object.fromEntries(parameters.map(({ name }) => [name, ['a', 'b/c']])),
        deepObject: { a: { b: 'x y' } },
      })

      const { url, headers } = server.received.at(-1)!
      assert.equal(
        url,
        '/v1/a,b%2Fc/a,b%2Fc/.a,b%2Fc/.a.b%2Fc/;matrix=a,b%2Fc/;matrix_exploded=a;matrix_exploded=b%2Fc' +
          '?form=a,b%2Fc&spaceDelimited=a%20b%2Fc&pipeDelimited=a%7Cb%2Fc&deepObject%5Ba%5D%5Bb%5D=x%20y',
      )
      assert.equal(headers['x-list'], 'a,b/c')
      assert.equal(headers.cookie, 'sid=a; sid=b%2Fc')
    }))

  const bodies: readonly (readonly [mediaType: string, media: object, body: unknown, sent: string])[] = [
    ['application/json', {}, { a: [1, null] }, '{"a":[1,null]}'],
    ['application/merge-patch+json', {}, { a: 1 }, '{"a":1}'],
    ['text/plain; charset=utf-8', {}, 'Grüße', 'Grüße'],
    [
      'application/x-www-form-urlencoded',
      {},
      { a: 'x y&z', b: [1, 2], c: { d: 1 } },
      'a=x%20y%26z&b=1&b=2&c=%7B%22d%22%3A1%7D',
    ],
    [
      'application/x-www-form-urlencoded',
      { encoding: { b: { explode: false }, c: { style: 'deepObject', explode: true } } },
      { b: [1, 2], c: { d: 1 } },
      'b=1,2&c%5Bd%5D=1',
    ],
  ]
  for (const [mediaType, media, body, sent] of bodies) {
    test(`carries a body of ${mediaType}${'encoding' in media ? ' as the document encodes it' : ''}`, () => {
      const post = { operationId: 'op', requestBody: { content: { [mediaType]: { schema: {}, ...media } } } }
      return withService({ '/': { post } }, echoing, async ({ call, server }) => {
        await call({ body } as JsonObject)

        const received = server.received.at(-1)!
        assert.equal(received.body, sent)
        assert.equal(received.headers['content-type'], mediaType)
      })
    })
  }

  for (const value of ['../../admin', '..\\..\\admin', 'a/../../b', '%2e%2e/x', 'x?admin=1', 'x#y', ' ', '...']) {
    test(`with ${JSON.stringify(value)} in its path stays within the segment`, () =>
      withService({ '/files/{name}': { get: byName } }, echoing, async ({ call, server }) => {
        await call({ name: value })

        const { url } = server.received.at(-1)!
        assert.match(url, /^\/v1\/files\/[^/?#\\]+$/)
        assert.equal(decodeURIComponent(url.slice('/v1/files/'.length)), value)
      }))
  }

  const leadingElsewhere: readonly JsonObject[] = [
    { name: '..' },
    { name: '.' },
    { name: '' },
    { name: null },
    {},
    { name: [] },
  ]
  for (const args of leadingElsewhere) {
    test(`with ${JSON.stringify(args)} for its path is not sent, and says so`, () =>
      withService({ '/files/{name}': { get: byName } }, echoing, async ({ call, server }) => {
        const before = server.received.length
        const reply = await call(args)
        assert.equal(reply.is === 'result' && reply.result.isError, true)
        assert.equal(server.received.length, before)
      }))
  }

  test('with a line break for a header is not sent, and says so', () => {
    const get = { operationId: 'op', parameters: [{ name: 'X-A', in: 'header', schema: {} }] }
    return withService({ '/': { get } }, echoing, async ({ call }) => {
      const reply = await call({ 'X-A': 'a\r\nAuthorization: me' })
      assert.match(textOf(reply), /"X-A" holds a character that a header cannot carry/)
    })
  })

  test('carries what the operator set, whatever the arguments say', () => {
    const get = {
      operationId: 'op',
      parameters: ['Authorization', 'X-Key', 'Content-Length', 'Host'].map(name => ({
        name,
        in: 'header',
        schema: {},
      })),
    }
    const values = {
      Authorization: `Bearer ${secret}`,
      'x-key': 'k',
      'query:api key': 'q&x',
      'cookie:sid': 'c;x',
      cookie: 'a=b',
    }
    return withService(
      { '/': { get } },
      echoing,
      async ({ call, server }) => {
        await call({ Authorization: 'Bearer mine', 'X-Key': 'mine', 'Content-Length': '7', Host: 'evil.example' })

        const { url, headers } = server.received.at(-1)!
        assert.equal(headers.authorization, `Bearer ${secret}`)
        assert.equal(headers['x-key'], 'k')
        assert.equal(headers.host, new URL(server.url).host)
        assert.equal(url, '/v1/?api%20key=q%26x')
        assert.equal(headers.cookie, 'a=b; sid=c%3Bx')
      },
      { values },
    )
  })

  test('of a tool whose definition has changed since is refused unsent, and the change is told', () =>
    withService({ '/a': { get: { operationId: 'op' } } }, echoing, async ({ link, server, target, tool, changed }) => {
      const before = server.received.length
      const moved: Capability = { ...tool, digest: `sha256:${'0'.repeat(64)}` }
      const reply = await link.call(allowedCall(target, moved, {}), { signal: soon(), onProgress: null, client: null })
      assert.equal(reply.is === 'error' && reply.error.code, -32602)
      assert.equal(server.received.length, before)
      assert.deepEqual(changed, ['tools'])
    }))

  test('for anything but a tool is refused unsent', () =>
    withService({ '/a': { get: { operationId: 'op' } } }, echoing, async ({ link, target, tool }) => {
      const reply = await link.call(allowedCall(target, tool, {}, { method: 'prompts/get' }), {
        signal: soon(),
        onProgress: null,
        client: null,
      })
      assert.equal(reply.is === 'error' && reply.error.code, -32601)
    }))
})

describe('an answer', () => {
  const result = (...content: JsonObject[]) => ({ is: 'result', result: { content, isError: false } })
  const text = (text: string): JsonObject => ({ type: 'text', text })

  test('of a JSON object is its exact text and structured content', () =>
    answering({ 'content-type': 'application/problem+json' }, '{ "a": 1.50 }', async reply => {
      assert.deepEqual(reply, {
        is: 'result',
        result: { content: [text('{ "a": 1.50 }')], structuredContent: { a: 1.5 }, isError: false },
      })
    }))

  const rows: readonly (readonly [what: string, type: string, body: string | Buffer, expected: unknown])[] = [
    ['a JSON array: text', 'application/json', '[1]', result(text('[1]'))],
    [
      'an integer beyond 2^53: text alone, digits kept',
      'application/json',
      '{"id":9007199254740993}',
      result(text('{"id":9007199254740993}')),
    ],
    ['broken JSON: text', 'application/json', '{', result(text('{'))],
    ['XML: text', 'application/xml', '<a/>', result(text('<a/>'))],
    ['text in Latin-1: text', 'text/plain; charset=iso-8859-1', Buffer.from([0xe4]), result(text('ä'))],
    [
      'an image: an image',
      'image/png',
      Buffer.from([1, 2]),
      result({ type: 'image', data: 'AQI=', mimeType: 'image/png' }),
    ],
    ['sound: sound', 'audio/wav', Buffer.from([1]), result({ type: 'audio', data: 'AQ==', mimeType: 'audio/wav' })],
  ]
  for (const [what, type, body, expected] of rows) {
    test(`of ${what}`, () =>
      answering({ 'content-type': type }, body, async reply => assert.deepEqual(reply, expected)))
  }

  test('of other bytes is a blob, named without the query, where secrets are', () =>
    answering({ 'content-type': 'application/pdf' }, Buffer.from([1]), async (reply, server) => {
      const uri = `${server.url}/v1/a`
      assert.deepEqual(
        reply,
        result({ type: 'resource', resource: { uri, mimeType: 'application/pdf', blob: 'AQ==' } }),
      )
    }))

  test('in an encoding nobody asked for is a blob of unknown bytes', () =>
    answering({ 'content-type': 'application/json', 'content-encoding': 'gzip' }, Buffer.from([1]), async reply => {
      assert.match(JSON.stringify(reply), /application\/octet-stream/)
    }))

  test('without a body is its status, and the headers that tell something', () =>
    answering(
      { location: '/a/7' },
      '',
      async reply => assert.equal(textOf(reply), 'HTTP 201 Created\ncontent-length: 0\nlocation: /a/7'),
      201,
    ))

  for (const status of [400, 401, 404, 409, 422]) {
    test(`of ${status} is an error the model can read, without the secrets a service repeats`, () =>
      answering(
        { 'content-type': 'text/plain' },
        `bad key ${secret}, ${Buffer.from(`Bearer ${secret}`).toString('base64')}`,
        async reply => {
          assert.equal(reply.is === 'result' && reply.result.isError, true)
          assert.match(textOf(reply), new RegExp(`^HTTP ${status} .*\n\nbad key \\*\\*\\*, \\*\\*\\*$`))
        },
        status,
      ))
  }

  for (const status of [408, 425, 429, 500, 503]) {
    test(`of ${status} is broken, and may be repeated after the time the service asks for`, () =>
      answering(
        { 'retry-after': '2' },
        secret,
        async reply => {
          assert.deepEqual(
            { ...reply, why: '' },
            { is: 'broken', sent: true, retryable: true, retryAfter: 2_000, why: '' },
          )
          assert.ok(!JSON.stringify(reply).includes(secret))
        },
        status,
      ))
  }

  test('of more than ten megabytes is an error that says so', () =>
    answering({}, Buffer.alloc(10 * 1024 * 1024 + 1), async reply => {
      assert.equal(reply.is === 'result' && reply.result.isError, true)
      assert.match(textOf(reply), /more than 10485760 bytes/)
    }))

  test('that redirects within the origin is followed for reads', () =>
    answering(
      { location: '/elsewhere?x=1' },
      '',
      async (reply, server) => {
        assert.equal(server.received.at(-1)!.url, '/elsewhere?x=1')
        assert.match(textOf(reply), /found it/)
      },
      302,
    ))

  test('that redirects to another origin is not followed', async () => {
    const other = await httpServer((_, response) => response.end())
    await answering(
      { location: other.url },
      '',
      async reply => {
        assert.equal(reply.is === 'result' && reply.result.isError, true)
        assert.match(textOf(reply), /not followed/)
      },
      302,
    )
    assert.deepEqual(other.received, [])
    await other.stop()
  })

  /** Asks a read that is answered so; whatever is asked at another path is found. */
  function answering(
    headers: Record<string, string>,
    body: string | Buffer,
    check: (reply: Reply, server: HttpFixture) => Promise<void>,
    status = 200,
  ): Promise<void> {
    const handler: Handler = ({ url }, response) => {
      if (url.startsWith('/elsewhere')) response.end('found it')
      else response.writeHead(status, { 'content-length': Buffer.byteLength(body), ...headers }).end(body)
    }
    const values = { authorization: `Bearer ${secret}`, 'query:key': secret }
    return withService(
      { '/a': { get: { operationId: 'op' } } },
      handler,
      async ({ call, server }) => check(await call({}), server),
      { values },
    )
  }
})

describe('a service', () => {
  test('is alive with any answer below 500, and UPSTREAM_UNREACHABLE from there on', async () => {
    for (const [status, isAlive] of [
      [200, true],
      [404, true],
      [401, true],
      [500, false],
      [503, false],
    ] as const) {
      const server = await httpServer((_, response) => json(response, {}, status))
      const opening = openApiConnector.open(targetOf(write(documentOf({})), server.url), { onListChanged() {} }, soon())
      if (isAlive) await (await opening).close()
      else await assert.rejects(opening, error => isFault(error, 'UPSTREAM_UNREACHABLE'))
      await server.stop()
    }
  })

  test('that the document names itself is used when there is no endpoint', async () => {
    const server = await httpServer(echoing)
    const document = documentOf(
      { '/a': { get: { operationId: 'op' } } },
      { servers: [{ url: `${server.url}/from/document` }] },
    )
    const link = await openApiConnector.open(targetOf(write(document), ''), { onListChanged() {} }, soon())
    await link.probe(soon())
    assert.equal(server.received.at(-1)!.url, '/from/document')
    await link.close()
    await server.stop()
  })

  test('that no document names is DOCUMENT_INVALID, with what to do', async () => {
    const opening = openApiConnector.open(targetOf(write(documentOf({})), ''), { onListChanged() {} }, soon())
    await assert.rejects(opening, error => isFault(error, 'DOCUMENT_INVALID') && /set an endpoint/.test(error.message))
  })

  test('has its document read anew by a later discovery', async () => {
    const server = await httpServer(echoing)
    const path = write(documentOf({ '/a': { get: { operationId: 'before' } } }))
    const link = await openApiConnector.open(targetOf(path, server.url), { onListChanged() {} }, soon())
    const names = async () => (await link.discover(soon())).capabilities.map(({ name }) => name)
    assert.deepEqual(await names(), ['before'])

    writeFileSync(path, JSON.stringify(documentOf({ '/b': { get: { operationId: 'after' } } })))

    assert.deepEqual(await names(), ['after'])
    await link.close()
    await server.stop()
  })

  test('that moves to another host with its document ends the link, so that secrets do not move along', async () => {
    const [first, second] = await Promise.all([httpServer(echoing), httpServer(echoing)])
    const path = write(documentOf({}, { servers: [{ url: first.url }] }))
    const link = await openApiConnector.open(targetOf(path, '', { 'x-key': secret }), { onListChanged() {} }, soon())
    await link.discover(soon())

    writeFileSync(path, JSON.stringify(documentOf({}, { servers: [{ url: second.url }] })))

    await assert.rejects(link.discover(soon()), error => isFault(error, 'DOCUMENT_INVALID'))
    assert.equal(await link.closed, 'closed')
    assert.deepEqual(second.received, [])
    await Promise.all([first.stop(), second.stop()])
  })

  test("gets the operator's headers with the request for its document only at an endpoint's own origin", async () => {
    const service = await petService()
    const elsewhere = await petService()
    const values = { 'x-key': secret }
    for (const [document, expected] of [
      [service, secret],
      [elsewhere, undefined],
    ] as const) {
      const target = targetOf(`${document.url}/openapi.json`, `${service.url}/v1`, values)
      const link = await openApiConnector.open(target, { onListChanged() {} }, soon())
      const asked = document.received.find(({ url }) => url === '/openapi.json')
      assert.equal(asked?.headers['x-key'], expected)
      await link.close()
    }
    await Promise.all([service.stop(), elsewhere.stop()])
  })

  test('with a secret that cannot be sent is SECRET_UNREADABLE, without the secret', async () => {
    for (const name of ['x-key', 'query:', 'cookie:a;b']) {
      const values = { [name]: name === 'x-key' ? `${secret}\u{1f600}` : secret }
      const opening = openApiConnector.open(
        targetOf(write(documentOf({})), 'http://127.0.0.1:1', values),
        { onListChanged() {} },
        soon(),
      )
      await assert.rejects(opening, error => {
        assert.ok(isFault(error, 'SECRET_UNREADABLE'), String(error))
        return !error.message.includes(secret)
      })
    }
  })
})

const byName = { operationId: 'op', parameters: [{ name: 'name', in: 'path', required: true, schema: {} }] }

const echoing: Handler = ({ url }, response) => json(response, { url })

interface Opened {
  readonly link: Link
  readonly server: HttpFixture
  readonly target: Target
  /** The tool called `op`. */
  readonly tool: Capability
  readonly call: (args: JsonObject) => Promise<Reply>
  /** Lists that were said to have changed. */
  readonly changed: readonly string[]
}

/** Runs a test on an open link to a service of these paths. */
async function withService(
  paths: unknown,
  handler: Handler,
  body: (opened: Opened) => Promise<void>,
  { values = {} }: { readonly values?: Record<string, string> } = {},
): Promise<void> {
  // The probe is not what these tests are about.
  const server = await httpServer((received, response, request) =>
    received.method === 'HEAD' ? void response.end() : handler(received, response, request),
  )
  const changed: string[] = []
  const target = targetOf(write(documentOf(paths)), `${server.url}/v1`, values)
  try {
    const link = await openApiConnector.open(target, { onListChanged: list => changed.push(list) }, soon())
    try {
      const { capabilities, warnings } = await link.discover(soon())
      const tool = capabilities.find(({ name }) => name === 'op')
      assert.ok(tool, warnings.join('\n'))
      const call = (args: JsonObject) =>
        link.call(allowedCall(target, tool, args), { signal: soon(), onProgress: null, client: null })
      await body({ link, server, target, tool, call, changed })
    } finally {
      await link.close()
    }
  } finally {
    await server.stop()
  }
}

let written = 0

function write(document: unknown): string {
  const path = join(folder, `document-${written++}.json`)
  writeFileSync(path, JSON.stringify(document))
  return path
}

function soon(): AbortSignal {
  return AbortSignal.timeout(10_000)
}
