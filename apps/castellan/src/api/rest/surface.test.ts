import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { type ControlPlane, controlPlane } from '../../../../../tests/support/control-plane.ts'
import { eventually } from '../../gate/connector.testsuite.ts'
import { ask } from './fixtures/asking.ts'
import { hire } from './fixtures/people.ts'

let castellan: ControlPlane
before(async () => {
  castellan = await controlPlane()
})
after(() => castellan[Symbol.asyncDispose]())

describe('a path that exists', () => {
  const rows = [
    ['DELETE', '/api/mcp-servers', 'GET, HEAD, POST'],
    ['PATCH', '/api/mcp-servers/x', 'DELETE, GET, HEAD, PUT'],
    ['GET', '/api/mcp-servers/x/health-check', 'POST'],
    ['HEAD', '/api/mcp-servers/x/discover', 'POST'],
    ['GET', '/api/apply', 'POST'],
    ['POST', '/api/journal', 'GET, HEAD'],
    ['HEAD', '/api/journal/tail', 'GET'],
    ['GET', '/api/secrets/x', 'PUT'],
    ['TRACE', '/health', 'GET, HEAD'],
    ['POST', '/docs', 'GET, HEAD'],
    ['PUT', '/api/openapi.json', 'GET, HEAD'],
  ] as const
  for (const [method, path, allow] of rows) {
    test(`says which methods it takes: not ${method} ${path}`, async () => {
      const { status, headers } = await ask(castellan, method, path)
      assert.equal(status, 405)
      assert.equal(headers.allow, allow)
    })
  }

  test('answers OPTIONS with the methods, and gives no other site leave to use them', async () => {
    const { status, headers, text } = await ask(castellan, 'OPTIONS', '/api/grants')
    assert.deepEqual([status, headers.allow, text], [204, 'GET, HEAD, POST', ''])
    assert.equal(headers['access-control-allow-origin'], undefined)
  })

  test('answers HEAD as GET, without the body', async () => {
    const get = await ask(castellan, 'GET', '/api/grants')
    const head = await ask(castellan, 'HEAD', '/api/grants')
    assert.deepEqual([head.status, head.text], [200, ''])
    assert.equal(head.headers['content-length'], get.headers['content-length'])
  })

  test('that takes no body takes an empty one, too', async () => {
    const headers = { 'content-type': 'application/json' }
    assert.equal((await ask(castellan, 'POST', '/api/mcp-servers/x/health-check', { raw: '', headers })).status, 404)
  })
})

test('bytes that are not UTF-8 are refused, whatever they would be read as', async () => {
  const response = await fetch(`${castellan.url}/api/grants`, {
    method: 'POST',
    headers: { authorization: `Bearer ${castellan.key}`, 'content-type': 'application/json' },
    body: Buffer.from([0x22, 0xff, 0x22]),
  })
  assert.equal(response.status, 400)
  assert.equal(((await response.json()) as { code: string }).code, 'JSON_MALFORMED')
})

test('a server that was read can be sent back, and nothing but its version changes', async () => {
  const made = {
    name: 'mirror',
    transport: 'stdio',
    command: 'true',
    env: { TOKEN: 'a-secret-value' },
    allow_unhealthy: true,
  }
  await castellan.ask('POST', '/api/mcp-servers', made)
  const { health: _before, version, updated_at: _at, ...read } = await castellan.ask('GET', '/api/mcp-servers/mirror')
  const whole = await castellan.ask('GET', '/api/mcp-servers/mirror')
  await castellan.ask('PUT', '/api/mcp-servers/mirror', { ...whole, allow_unhealthy: true })
  const {
    health: _after,
    version: next,
    updated_at: _later,
    ...again
  } = await castellan.ask('GET', '/api/mcp-servers/mirror')
  assert.deepEqual(again, read)
  assert.deepEqual([version, next], [1, 2])
})

describe('without credentials', () => {
  test('a call is refused, and the journal has it under its correlation id', async () => {
    const headers = { 'x-correlation-id': 'nobody-1' }
    const { status } = await ask(castellan, 'POST', '/api/calls', { key: null, headers })
    assert.equal(status, 401)
    const logged = () => castellan.log.map(line => JSON.parse(line) as Record<string, unknown>)
    const isOurs = (line: Record<string, unknown>) => line.correlation === 'nobody-1'
    await eventually('the refusal is journaled', async () => logged().some(isOurs))
    const { event, principal, outcome } = logged().find(isOurs)!
    assert.deepEqual([event, principal, outcome], ['call.denied', 'anonymous', 'denied_identity'])
  })

  for (const path of ['/health', '/ready', '/docs', '/docs/', '/docs/static/swagger-ui.css', '/api/openapi.json']) {
    test(`${path} answers`, async () => {
      assert.equal((await ask(castellan, 'GET', path, { key: null })).status, 200)
    })
  }

  const closed = [
    ['GET', '/health/'],
    ['GET', '/healthy'],
    ['GET', '/ready/x'],
    ['GET', '/docs/nothing'],
    ['GET', '/api/openapi.json/x'],
    ['GET', '/metrics'],
    ['GET', '/api/nothing'],
    ['GET', '/nothing'],
    ['PATCH', '/api/grants'],
    ['OPTIONS', '/api/grants'],
    ['POST', '/api/calls'],
  ] as const
  for (const [method, path] of closed) {
    test(`${method} ${path} is refused, and says where to get a token`, async () => {
      const { status, headers, text } = await ask(castellan, method, path, { key: null })
      assert.equal(status, 401)
      const metadata = `${castellan.url}/.well-known/oauth-protected-resource/mcp`
      assert.equal(headers['www-authenticate'], `Bearer resource_metadata="${metadata}"`)
      assert.equal(JSON.parse(text).code, 'UNAUTHENTICATED')
    })
  }

  const odd: readonly Record<string, string>[] = [
    { authorization: '' },
    { authorization: 'Bearer' },
    { authorization: 'Bearer  ' },
    { authorization: 'Basic YTpi' },
    { authorization: `Bearer ${'a'.repeat(12_000)}` },
    { authorization: 'Bearer a, Bearer b' },
    { authorization: 'Bearer ☃'.replace('☃', '\xe9') },
    { authorization: 'Bearer eyJhbGciOiJub25lIn0.e30.' },
  ]
  for (const headers of odd) {
    test(`${headers.authorization?.slice(0, 30) ?? ''} is none`, async () => {
      const { status, text } = await ask(castellan, 'GET', '/api/grants', { key: null, headers })
      assert.deepEqual([status, JSON.parse(text).code], [401, 'UNAUTHENTICATED'])
    })
  }

  test('a tenant one does not belong to looks like bad credentials, whether it exists or not', async () => {
    await castellan.ask('POST', '/api/tenants', { id: 'elsewhere' })
    const { key } = await hire(castellan, { roles: ['admin'] })
    const answers = []
    for (const tenant of ['elsewhere', 'nowhere', '', 'default, elsewhere', '../x', 'DEFAULT']) {
      const { status, text } = await ask(castellan, 'GET', '/api/grants', { key, headers: { 'x-tenant-id': tenant } })
      answers.push(`${status} ${text}`)
    }
    assert.equal(new Set(answers).size, 1)
    assert.match(answers[0]!, /^401/)
  })
})

describe('every answer', () => {
  const paths = ['/health', '/api/grants', '/api/nothing', '/api/mcp-servers/%ff', '/api/openapi.json', '/docs']
  for (const path of paths) {
    test(`of ${path} forbids guessing its type, keeping it and framing it`, async () => {
      const { headers } = await ask(castellan, 'GET', path)
      assert.equal(headers['x-content-type-options'], 'nosniff')
      assert.equal(headers['cache-control'], 'no-store')
      assert.match(headers['content-security-policy'] as string, /^default-src 'none';.*frame-ancestors 'none'/)
    })
  }

  test('carries the correlation id that was sent, or a new one, also when it says no', async () => {
    const headers = { 'x-correlation-id': 'thread-1' }
    assert.equal((await ask(castellan, 'GET', '/api/grants', { headers })).headers['x-correlation-id'], 'thread-1')
    const refused = await ask(castellan, 'GET', '/api/grants', { key: null, headers })
    assert.equal(refused.headers['x-correlation-id'], 'thread-1')
    assert.match((await ask(castellan, 'GET', '/api/grants')).headers['x-correlation-id'] as string, /^[0-9a-f-]{36}$/)
  })
})

describe('the reference', () => {
  test('loads nothing from elsewhere', async () => {
    const page = await ask(castellan, 'GET', '/docs', { key: null })
    const script = await ask(castellan, 'GET', '/docs/static/swagger-initializer.js', { key: null })
    assert.doesNotMatch(page.text, /(src|href)="(?!\/docs\/|\.\/)/)
    assert.match(script.text, /"validatorUrl":null/)
    assert.match(page.headers['content-security-policy'] as string, /script-src 'self';.*connect-src 'self';/)
  })

  const climbing = [
    '/docs/static/../../../package.json',
    '/docs/static/..%2f..%2f..%2fpackage.json',
    '/docs/static/%2e%2e/%2e%2e/package.json',
    '/docs/static/....//....//package.json',
    '/docs/static/%00',
    '/docs/static/..\\..\\package.json',
    '/docs/static//etc/passwd',
  ]
  for (const path of climbing) {
    test(`does not climb to ${path}`, async () => {
      const { status, text } = await ask(castellan, 'GET', path, { key: null })
      assert.ok(status >= 400 && status < 500, `${status}`)
      assert.doesNotMatch(text, /"dependencies"|root:/)
    })
  }
})

test('what is no HTTP at all is told so, and the control plane goes on', async () => {
  for (const sent of [
    'GET / HTTP/1.1\r\n\r\n',
    'nonsense\r\n\r\n',
    `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`,
  ]) {
    assert.match(await spoken(sent), /^HTTP\/1\.1 4\d\d /)
  }
  assert.equal((await ask(castellan, 'GET', '/health')).status, 200)
})

test('a body that contradicts its length is refused', async () => {
  const { port } = new URL(castellan.url)
  const head = `POST /api/calls HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${castellan.key}\r\nContent-Type: application/json\r\nConnection: close\r\n`
  assert.match(await spoken(`${head}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`), /^HTTP\/1\.1 400 /)
  assert.match(await spoken(`${head}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n{}`), /^HTTP\/1\.1 400 /)
})

function spoken(text: string): Promise<string> {
  const { hostname, port } = new URL(castellan.url)
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  let heard = ''
  const socket = connect(Number(port), hostname, () => socket.write(text))
  socket.setTimeout(5_000, () => socket.destroy(new Error('no answer')))
  socket.on('data', chunk => (heard += chunk.toString()))
  socket.on('close', () => resolve(heard))
  socket.on('error', reject)
  return promise
}
