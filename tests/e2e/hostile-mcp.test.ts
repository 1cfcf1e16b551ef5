import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
import { type ControlPlane, controlPlane, until } from '../support/control-plane.ts'
import { type Answer, type Ask, beginSession, envelope, eras, send, speaker } from '../support/raw-mcp.ts'
import { mirrorServer, type MirrorServer, mirrorSpec } from './fixtures/mirror-server.ts'

const MAX_BODY = 2 * 1024 * 1024
let castellan: ControlPlane
let mirror: MirrorServer

before(async () => {
  mirror = await mirrorServer()
  castellan = await controlPlane({ maxBody: '2 MiB' })
  await castellan.ask('POST', '/api/mcp-servers', mirrorSpec(mirror))
})
after(async () => {
  await castellan[Symbol.asyncDispose]()
  await mirror[Symbol.asyncDispose]()
})
// Whatever a test did, the control plane is well and nothing in it went wrong.
afterEach(async () => {
  assert.equal((await send(castellan, { method: 'GET', path: '/health' })).status, 200)
  assert.deepEqual(
    castellan.log.filter(line => line.includes('"bug"')),
    [],
  )
})

/** Bodies that are no JSON-RPC, the status and code they get, and a word of the explanation. */
const malformed: Readonly<Record<string, readonly [body: string | Buffer, status: number, code: number, why: RegExp]>> =
  {
    'half a message': ['{"jsonrpc":', 400, -32700, /not strict JSON/],
    nothing: ['', 400, -32700, /not strict JSON/],
    'a key that appears twice': ['{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}', 400, -32700, /"id" appears twice/],
    'a lone surrogate': [message({ params: { x: 'LONE' } }).replace('LONE', '\\ud800'), 400, -32700, /lone surrogate/],
    'bytes that are not UTF-8': [
      Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xff]), Buffer.from('"}')]),
      400,
      -32700,
      /UTF-8/,
    ],
    'a byte order mark': [`\ufeff${message({})}`, 400, -32700, /not strict JSON/],
    'ten thousand levels': [
      message({ params: 'DEEP' }).replace('"DEEP"', '['.repeat(10_000) + ']'.repeat(10_000)),
      400,
      -32700,
      /deeper than 128/,
    ],
    'an id beyond all numbers': [message({ id: 'BIG' }).replace('"BIG"', '1e400'), 400, -32700, /too large/],
    'an id that loses digits': [
      message({ id: 'BIG' }).replace('"BIG"', '9007199254740993'),
      400,
      -32700,
      /beyond 2\^53/,
    ],
    'a number': ['5', 400, -32600, /is an object/],
    null: ['null', 400, -32600, /is an object/],
    'an empty object': ['{}', 400, -32600, /"jsonrpc"/],
    'an empty batch': ['[]', 400, -32600, /batch must not be empty/],
    'a batch of numbers': ['[1,2]', 400, -32600, /is an object/],
    'a batch that never ends': [`[${Array(51).fill(message({})).join()}]`, 400, -32600, /50 messages/],
    'no jsonrpc': ['{"id":1,"method":"ping"}', 400, -32600, /"jsonrpc" must be "2.0"/],
    'another jsonrpc': [message({ jsonrpc: '1.0' }), 400, -32600, /"jsonrpc" must be "2.0"/],
    'no method': ['{"jsonrpc":"2.0","id":1}', 400, -32600, /"method"/],
    'a method that is a number': [message({ method: 5 }), 400, -32600, /"method" must be a string/],
    ...Object.fromEntries(
      [null, {}, [1], true, 1.5].map(
        id => [`the id ${JSON.stringify(id)}`, [message({ id }), 400, -32600, /"id" must be/]] as const,
      ),
    ),
    ...Object.fromEntries(
      [null, [], 'x', 5].map(
        params =>
          [`the params ${JSON.stringify(params)}`, [message({ params }), 400, -32600, /"params" must be/]] as const,
      ),
    ),
    ...Object.fromEntries(
      [null, [], 'x', 5].map(
        _meta =>
          [
            `the _meta ${JSON.stringify(_meta)}`,
            [message({ params: { _meta } }), 400, -32600, /"params._meta"/],
          ] as const,
      ),
    ),
    ...Object.fromEntries(
      [null, {}, [], true, 1.5].map(
        token =>
          [
            `the progressToken ${JSON.stringify(token)}`,
            [message({ params: { _meta: { progressToken: token } } }), 400, -32600, /progressToken/],
          ] as const,
      ),
    ),
    'an initialize that wants no answer': [
      message({ id: undefined, method: 'initialize' }),
      400,
      -32600,
      /needs an "id"/,
    ],
  }

/** Params that a method cannot take. */
const misfits: Readonly<Record<string, readonly [method: string, params: Record<string, unknown>, why: RegExp]>> = {
  'tools/call without a name': ['tools/call', {}, /"name" of tools\/call must be a string/],
  'a name that is an object': ['tools/call', { name: { toString: 1 } }, /"name" of tools\/call must be a string/],
  ...Object.fromEntries(
    [[], 'x', null, 5, true].map(
      args =>
        [
          `the arguments ${JSON.stringify(args)}`,
          ['tools/call', { name: 'mirror__mirror', arguments: args }, /"arguments" of tools\/call must be an object/],
        ] as const,
    ),
  ),
  'a resource without URI': ['resources/read', {}, /"uri" of resources\/read must be a string/],
  'a prompt with arguments that are no text': [
    'prompts/get',
    { name: 'x', arguments: { a: 1 } },
    /must be an object of strings/,
  ],
  'a completion of nothing': ['completion/complete', {}, /"ref" of completion\/complete must be an object/],
  ...Object.fromEntries(
    [5, null, {}].map(
      cursor =>
        [
          `the cursor ${JSON.stringify(cursor)}`,
          ['tools/list', { cursor }, /"cursor" of tools\/list must be a string/],
        ] as const,
    ),
  ),
  ...Object.fromEntries(
    ['', '***', 'A'.repeat(5_000)].map(
      cursor => [`the cursor "${cursor.slice(0, 5)}"`, ['prompts/list', { cursor }, /Invalid cursor/]] as const,
    ),
  ),
  ...Object.fromEntries(
    Object.entries({
      idempotencyKey: [5, '', 'a b', 'x'.repeat(129), 'ü'],
      dryRun: ['yes', 1, null],
      correlationId: [{}],
      session: [null, 'a\nb'],
    }).flatMap(([key, values]) =>
      values.map(
        value =>
          [
            `our own ${key} ${JSON.stringify(value).slice(0, 20)}`,
            [
              'tools/call',
              { name: 'mirror__mirror', _meta: { [`castellan/${key}`]: value } },
              new RegExp(`castellan/${key}.. must be`),
            ],
          ] as const,
      ),
    ),
  ),
}

for (const era of eras) {
  describe(`a client of ${era}`, () => {
    test('that sends no JSON-RPC message is told what is wrong with it', async () => {
      const { say } = await speaker(castellan, era)
      for (const [what, [body, status, code, why]] of Object.entries(malformed)) {
        refused(await say(body), status, code, why, what)
      }
    })

    test('that sends params that do not fit is told which, under the id of its request', async () => {
      const { request } = await speaker(castellan, era)
      for (const [what, [method, params, why]] of Object.entries(misfits)) {
        const answer = await request(method, params)
        refused(answer, 200, -32602, why, what)
        assert.equal(answer.message?.id, 1, what)
      }
    })

    test('that asks for an unknown method is told so', async () => {
      const { request } = await speaker(castellan, era)
      const { message } = await request('no/such', {})
      assert.equal(message?.error?.code, -32601)
    })

    test('that sends more than is allowed is refused, said beforehand or not', async () => {
      const { say } = await speaker(castellan, era)
      const body = message({ params: { x: 'x'.repeat(MAX_BODY) } })
      refused(await say(body), 413, -32000, /larger than 2097152 bytes/)
      refused(await say(body, { chunked: true }), 413, -32000, /larger than 2097152 bytes/)
    })

    test('that sends another type of body is refused', async () => {
      const { say } = await speaker(castellan, era)
      for (const type of [
        undefined,
        '',
        'text/plain',
        'application/x-www-form-urlencoded',
        'multipart/form-data',
        'application/jsonx',
      ]) {
        refused(await say(message({}), { headers: { 'content-type': type } }), 415, -32000, /application\/json/, type)
      }
    })

    test('may name a tool as it likes: it is unknown, whatever the name', async () => {
      const { call } = await speaker(castellan, era)
      for (const name of [
        '',
        '__proto__',
        'constructor',
        'a\u0000\u001b[31m\r\nb',
        '../../etc',
        `${'x'.repeat(199)}😀`,
      ]) {
        const { status, message } = await call(name)
        assert.equal(status, 200)
        assert.equal(message?.error?.code, -32602)
        assert.ok(message?.error?.message.isWellFormed() && message.error.message.startsWith('Unknown tool: '), name)
      }
    })

    test('may send a name of a megabyte, of which a little comes back', async () => {
      const { say } = await speaker(castellan, era)
      const name = 'n'.repeat(1_000_000)
      const params = { name, ...(era === '2026' ? { _meta: envelope } : {}) }
      const answer = await say(message({ method: 'tools/call', params }), {
        headers: era === '2026' ? { 'mcp-method': 'tools/call' } : {},
      })
      assert.ok(answer.text.length < (era === '2026' ? 3_100_000 : 500))
      assert.ok(answer.message?.error)
    })

    test('may use odd keys in its arguments: they arrive as they were, or are refused, and change nothing else', async () => {
      const { call, say } = await speaker(castellan, era)
      const odd = {
        constructor: { prototype: { polluted: true } },
        toString: 'x',
        n: 1.5e-300,
        nested: JSON.parse('{"__proto__":{"polluted":true}}') as object,
      }
      const { message: answer } = await call('mirror__mirror', odd)
      assert.deepEqual(JSON.parse(answer?.result?.content?.[0]?.text ?? '{}'), { tool: 'mirror', arguments: odd })
      const body = message({ method: 'tools/call', params: { name: 'mirror__mirror', arguments: 'ODD' } })
      refused(
        await say(body.replace('"ODD"', '{"__proto__":{"polluted":true}}')),
        400,
        -32602,
        /cannot be named "__proto__"/,
      )
      assert.equal(({} as Record<string, unknown>)['polluted'], undefined)
    })

    test('that sends a number no double holds is told so, before anything is called', async () => {
      const { say } = await speaker(castellan, era)
      for (const number of ['1e400', '-1e999', '123456789012345678901234567890']) {
        const body = message({ method: 'tools/call', params: { name: 'mirror__mirror', arguments: { n: 'N' } } })
        refused(await say(body.replace('"N"', number)), 400, -32700, /too large|beyond 2\^53/)
      }
    })
  })
}

describe('the door', () => {
  test('refuses methods that are not of the protocol, and says which are', async () => {
    for (const method of ['PUT', 'PATCH', 'OPTIONS', 'HEAD']) {
      for (const path of ['/mcp', '/mcp/servers/mirror', '/mcp/groups/none']) {
        const answer = await send(castellan, { method, path })
        assert.equal(answer.status, 405)
        assert.equal(answer.headers['allow'], 'GET, POST, DELETE')
      }
    }
  })

  test('asks a 2025 client for a session where it needs one', async () => {
    refused(await send(castellan, { body: message({ method: 'tools/list' }) }), 400, -32000, /Initialize first/)
    refused(await send(castellan, { method: 'GET' }), 400, -32000, /Mcp-Session-Id is required/)
    refused(await send(castellan, { method: 'DELETE' }), 400, -32000, /Mcp-Session-Id is required/)
    const json = { 'content-type': 'application/json' }
    refused(await send(castellan, { method: 'DELETE', headers: json }), 400, -32000, /Mcp-Session-Id is required/)
  })

  test('an initialize that is refused leaves no session', async () => {
    const count = async () =>
      /castellan_mcp_sessions\S* (\d+)/.exec((await send(castellan, { method: 'GET', path: '/metrics' })).text)?.[1]
    const sessions = await count()
    assert.ok(sessions)
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'x', version: '1' } }
    const body = message({ method: 'initialize', params })
    assert.equal((await send(castellan, { body, headers: { accept: 'text/html' } })).status, 406)
    refused(
      await send(castellan, { body: message({ method: 'initialize', params: {} }) }),
      200,
      -32602,
      /"protocolVersion"/,
    )
    assert.equal(await count(), sessions)
  })

  test('knows only its own revisions', async () => {
    const { say, request } = await speaker(castellan, '2025')
    for (const version of ['1999-01-01', '', 'x', '2026-07-28', '2025-11-25, 2025-11-25']) {
      refused(
        await say(message({ method: 'tools/list' }), { headers: { 'mcp-protocol-version': version } }),
        400,
        -32000,
        /Unsupported protocol version/,
      )
    }
    assert.equal((await request('tools/list', {}, { headers: { 'mcp-protocol-version': undefined } })).status, 200)
  })

  test('wants the headers of a 2026 request to say what its body says', async () => {
    const { request } = await speaker(castellan, '2026')
    const call = { name: 'mirror__mirror', arguments: {} }
    const lies: readonly Readonly<Record<string, string | undefined>>[] = [
      { 'mcp-method': 'tools/list' },
      { 'mcp-method': undefined },
      { 'mcp-name': 'mirror__hold' },
      { 'mcp-name': undefined },
      { 'mcp-protocol-version': '2025-11-25' },
      { 'mcp-protocol-version': undefined },
    ]
    for (const headers of lies)
      refused(await request('tools/call', call, { headers }), 400, -32020, /disagree/, JSON.stringify(headers))
    const _meta = { 'io.modelcontextprotocol/protocolVersion': '2099-01-01' }
    const future = await request('tools/list', { _meta }, { headers: { 'mcp-protocol-version': '2099-01-01' } })
    refused(future, 400, -32022, /2099-01-01/)
  })

  test('a 2026 request has no session, whatever it says', async () => {
    const { request } = await speaker(castellan, '2026')
    const own = await beginSession(castellan)
    const answers = await Promise.all(
      [undefined, own, 'nonsense'].map(id => request('tools/list', {}, { headers: { 'mcp-session-id': id } })),
    )
    for (const answer of answers) assert.equal(answer.text, answers[0]?.text)
  })

  test('wants a 2025 client to take what it answers with', async () => {
    const { request } = await speaker(castellan, '2025')
    for (const accept of [undefined, 'text/html', 'application/json']) {
      refused(await request('tools/list', {}, { headers: { accept } }), 406, -32000, /Not Acceptable/)
    }
  })
})

describe('nobody', () => {
  test('is let in: whatever is wrong with the credentials, the answer is the same', async () => {
    const revoked = await newKey('revoked')
    await castellan.ask('DELETE', `/api/keys/${revoked.id}`)
    const expired = await newKey('expired', new Date(Date.now() + 400).toISOString())
    const listing = (authorization: string | undefined, more: Ask['headers'] = {}) =>
      send(castellan, { body: message({ method: 'tools/list' }), headers: { authorization, ...more } })
    await until(
      'the key expires',
      () => listing(`Bearer ${expired.plaintext}`),
      ({ status }) => status === 401,
    )

    const bad = [
      undefined,
      '',
      'Basic YTpi',
      'Bearer',
      'Bearer x y',
      'Bearer a.b.c',
      `Bearer ${castellan.key}x`,
      `Bearer ${'x'.repeat(12_000)}`,
    ]
    const answers = await Promise.all([
      ...[...bad, `Bearer ${revoked.plaintext}`, `Bearer ${expired.plaintext}`].map(each => listing(each)),
      ...['nowhere', '__proto__', '../default', 'x'.repeat(300)].map(tenant =>
        listing(`Bearer ${castellan.key}`, { 'x-tenant-id': tenant }),
      ),
    ])

    for (const answer of answers) {
      assert.equal(answer.status, 401)
      assert.equal(answer.text, answers[0]?.text)
      assert.equal(answer.headers['www-authenticate'], answers[0]?.headers['www-authenticate'])
    }
    assert.match(String(answers[0]?.headers['www-authenticate']), /^Bearer resource_metadata="http/)
  })

  test('gets a megabyte of key past the door', async () => {
    const sending = send(castellan, {
      body: message({}),
      headers: { authorization: `Bearer ${'x'.repeat(1_000_000)}` },
    })
    // Node answers and hangs up while the rest is still on its way, so either is what a client sees.
    const status = await sending.then(
      answer => answer.status,
      (error: NodeJS.ErrnoException) => error.code,
    )
    assert.ok([431, 'ECONNRESET', 'EPIPE'].includes(status!), String(status))
  })

  test('breaks the journal of refusals with the name of a call', async () => {
    for (const name of [{ toString: 1, valueOf: 1 }, null, 5, `${'x'.repeat(199)}😀`, '\u0000']) {
      const body = message({ method: 'tools/call', params: { name } })
      assert.equal((await send(castellan, { body, headers: { authorization: undefined } })).status, 401)
    }
  })

  test('from another site gets in', async () => {
    for (const headers of [
      { host: 'evil.example' },
      { host: '127.0.0.1.evil.example' },
      { host: 'localhost@evil.example' },
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: 'http://127.0.0.1@evil.example' },
      { origin: 'nonsense' },
    ]) {
      assert.equal((await send(castellan, { body: message({}), headers })).status, 403, JSON.stringify(headers))
    }
  })
})

describe('who may not see something learns nothing of it', () => {
  let stranger: { readonly url: string; readonly key: string }
  before(async () => {
    const admin = { url: castellan.url, key: castellan.key }
    const inOther = (path: string, body: unknown) =>
      send(admin, { path, body: JSON.stringify(body), headers: { 'x-tenant-id': 'other' } })
    await castellan.ask('POST', '/api/tenants', { id: 'other' })
    assert.equal((await inOther('/api/mcp-servers', mirrorSpec(mirror, 'theirs'))).status, 201)
    stranger = { url: castellan.url, key: (await newKey('stranger')).plaintext }
  })

  for (const era of eras) {
    test(`by calling tools, reading resources and getting prompts (${era})`, async () => {
      const { request } = await speaker(stranger, era)
      for (const [method, field] of [
        ['tools/call', 'name'],
        ['resources/read', 'uri'],
        ['prompts/get', 'name'],
      ] as const) {
        const answers = await Promise.all(
          ['mirror__mirror', 'theirs__mirror', 'nobody__mirror'].map(name => request(method, { [field]: name })),
        )
        const same = answers.map(answer => [answer.status, answer.text.replaceAll(/mirror__|theirs__|nobody__/g, '')])
        assert.deepEqual(same[0], same[2], 'not granted')
        assert.deepEqual(same[1], same[2], "another tenant's")
      }
    })

    test(`by looking at endpoints (${era})`, async () => {
      for (const kind of ['servers', 'groups']) {
        const answers = []
        for (const name of ['mirror', 'theirs', 'nobody']) {
          const { request } = await speaker(stranger, era, `/mcp/${kind}/${name}`)
          const list = await request('tools/list', {})
          const call = await request('tools/call', { name: 'mirror', arguments: {} })
          answers.push([list.status, list.text, call.status, call.text])
        }
        assert.deepEqual(answers[0], answers[2])
        assert.deepEqual(answers[1], answers[2])
      }
    })
  }

  test("by using someone else's session", async () => {
    const theirs = await beginSession(castellan)
    for (const method of ['POST', 'GET', 'DELETE']) {
      const ask = (id: string) =>
        send(stranger, {
          method,
          headers: { 'mcp-session-id': id },
          ...(method === 'POST' ? { body: message({ method: 'tools/list' }) } : {}),
        })
      const [used, unknown] = await Promise.all([ask(theirs), ask(theirs.replaceAll(/[0-9a-f]/g, '0'))])
      refused(used, 404, -32001, /Session not found/)
      assert.equal(used.text, unknown.text)
    }
    const headers = { 'mcp-session-id': theirs }
    assert.equal(
      (await send(castellan, { headers, body: message({ method: 'tools/list' }) })).status,
      200,
      'it still lives',
    )
    const elsewhere = await send(castellan, {
      path: '/mcp/servers/mirror',
      headers,
      body: message({ method: 'tools/list' }),
    })
    refused(elsewhere, 404, -32001, /Session not found/)
  })
})

function message(given: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping', ...given })
}

function refused(answer: Answer, status: number, code: number, why: RegExp, what = ''): void {
  const { error } = answer.message ?? {}
  assert.equal(answer.status, status, `${what}: ${answer.text.slice(0, 300)}`)
  assert.equal(error?.code, code, `${what}: ${answer.text.slice(0, 300)}`)
  assert.match(error?.message ?? '', why, what)
}

async function newKey(name: string, expires_at: string | null = null): Promise<{ id: string; plaintext: string }> {
  const { id } = await castellan.ask<{ id: string }>('POST', '/api/principals', { name, kind: 'agent' })
  return castellan.ask('POST', '/api/keys', { principal: id, name, scopes: ['mcp'], expires_at })
}
