import assert from 'node:assert/strict'
import { request as httpRequest } from 'node:http'
import { connect, type Socket } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { type ControlPlane, controlPlane, until } from '../support/control-plane.ts'
import { connect as connectClient, toolNames } from '../support/mcp-client.ts'
import { beginSession, envelope, eras, initialize, PATIENCE, send, speaker } from '../support/raw-mcp.ts'
import { mirrorServer, type MirrorServer, mirrorSpec } from './fixtures/mirror-server.ts'

const MAX_SESSIONS = 6
let castellan: ControlPlane
let mirror: MirrorServer

before(async () => {
  mirror = await mirrorServer()
  castellan = await controlPlane({ mcpMaxSessions: String(MAX_SESSIONS) }, undefined, { requestTimeout: 3_000 })
  await castellan.ask('POST', '/api/mcp-servers', mirrorSpec(mirror))
})
after(async () => {
  await castellan[Symbol.asyncDispose]()
  await mirror[Symbol.asyncDispose]()
})

describe('a client with bad manners', () => {
  test('that drips its request is cut off', async () => {
    const socket = await connected()
    const gone = new Promise(resolve => socket.once('close', resolve))
    let told = ''
    socket.on('data', chunk => (told += String(chunk)))
    socket.write(head({ 'content-length': '1000' }))
    const dripping = setInterval(() => socket.writable && socket.write(' '), 20)
    await Promise.race([gone, patience('a client that drips was never cut off')])
    clearInterval(dripping)
    assert.match(told, /^HTTP\/1\.1 408 /)
  })

  test('that says it sends more than it does is cut off', async () => {
    const socket = await connected()
    const gone = new Promise(resolve => socket.once('close', resolve))
    socket.resume().write(`${head({ 'content-length': '1000' })}{}`)
    await Promise.race([gone, patience('a client that waits was never cut off')])
  })

  test('that never reads its answers does not keep others waiting', async () => {
    const sockets = await Promise.all(Array.from({ length: 8 }, () => connected()))
    const body = JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'mirror__big', arguments: {}, _meta: envelope },
    })
    const about = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'mirror__big' }
    for (const socket of sockets) socket.pause().write(head({ ...about, 'content-length': String(body.length) }) + body)

    const { call } = await speaker(castellan, '2026')
    const answers = await Promise.all(Array.from({ length: 20 }, () => call('mirror__mirror')))

    for (const answer of answers) assert.equal(answer.message?.result?.['isError'], false, JSON.stringify(answer))
    for (const socket of sockets) socket.destroy()
  })

  test('of 2026 that hangs up in the middle of a call has cancelled it, all the way down', async () => {
    const body = JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'mirror__hold', arguments: { label: 'left alone' }, _meta: envelope },
    })
    const about = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'mirror__hold' }
    const headers = { ...ours(), ...about, 'content-length': String(body.length) }
    const asking = httpRequest(`${castellan.url}/mcp`, { method: 'POST', headers, agent: false })
    asking.on('error', () => undefined).end(body)
    await until(
      'the call reaches the server',
      () => mirror.held.has('left alone'),
      held => held,
    )

    asking.destroy()

    await until(
      'the server is let go',
      () => mirror.held.has('left alone'),
      held => !held,
    )
    const { items } = await until('the call has ended', calls, ({ items }) => items[0]?.outcome !== null)
    assert.equal(items[0]?.outcome, 'cancelled')
  })
})

describe('sessions', () => {
  test('many that begin at the same moment stay within the limit, and all of them are answered', async () => {
    const answers = await Promise.all(Array.from({ length: 40 }, () => initialize(castellan)))
    for (const { status, message } of answers) {
      assert.ok(status === 200 || status === 503, String(status))
      if (status === 503) assert.match(message?.error?.message ?? '', /too many open sessions \(6\)/)
    }
    assert.ok((await openSessions()) <= MAX_SESSIONS)
  })

  test('whoever opens too many loses their own, and nobody else does', async () => {
    const guest = { url: castellan.url, key: await newKey('guest') }
    const theirs = await beginSession(guest)
    const mine = []
    for (let round = 0; round < 3 * MAX_SESSIONS; round++) mine.push(await beginSession(castellan))

    const alive = async (who: typeof guest, id: string) => (await list(who, id)).status === 200
    assert.ok(await alive(guest, theirs))
    assert.ok(await alive(castellan, mine.at(-1)!))
    assert.ok(!(await alive(castellan, mine[0]!)))
    assert.ok((await openSessions()) <= MAX_SESSIONS)
  })

  test('that are all in use are not taken away: the next one is refused until one ends', async () => {
    const streams = []
    for (let round = 0; round < MAX_SESSIONS + 1; round++) {
      const answer = await initialize(castellan)
      const id = answer.headers['mcp-session-id']
      if (typeof id !== 'string') break
      streams.push(await openStream(id))
    }
    const refused = await initialize(castellan)
    assert.equal(refused.status, 503)
    for (const stream of streams) stream.destroy()
    await until(
      'a place is free',
      async () => (await initialize(castellan)).status,
      status => status === 200,
    )
  })
})

test('whoever opens the stream of its session anew is through with the one before', async () => {
  const id = await beginSession(castellan)
  const first = await firstEventOf(id)
  await until(
    'another stream may be opened',
    () => firstEventOf(id).catch(() => null),
    name => name !== null && name !== first,
  )

  const resumed = await send(castellan, {
    method: 'GET',
    headers: { 'mcp-session-id': id, accept: 'text/event-stream', 'last-event-id': first },
  })

  assert.deepEqual([resumed.status, resumed.text], [200, ''])
})

describe('a server with a hostile catalogue', () => {
  const schema = { type: 'object' }
  const nasty = [
    '\u0000\u001b[2J',
    'a\r\nb',
    '__proto__',
    'constructor',
    'x'.repeat(5_000),
    '../..',
    '\u202Egnp',
    'a b',
    'a.b',
    'a_b',
    '😀',
    '<script>',
  ]
  let hostile: MirrorServer
  before(async () => {
    hostile = await mirrorServer([
      ...nasty.map(name => ({ name, inputSchema: schema })),
      { name: 'talkative', description: 'd'.repeat(10_000), inputSchema: schema },
      { name: 'twice', description: 'first', inputSchema: schema },
      { name: 'twice', description: 'second', inputSchema: schema },
      { name: '', inputSchema: schema },
      { name: 5, inputSchema: schema },
      { inputSchema: schema },
      null,
      { name: 'bad-schema', inputSchema: 'no' },
      {
        name: 'pollutes',
        inputSchema: JSON.parse('{"type":"object","properties":{"__proto__":{"type":"string"}}}') as object,
      },
      { name: 'endless', inputSchema: { $ref: '#' } },
      {
        name: 'evil-pattern',
        inputSchema: { type: 'object', properties: { text: { type: 'string', pattern: '^(a+)+$' } } },
      },
    ])
    await castellan.ask('POST', '/api/mcp-servers', mirrorSpec(hostile, 'hostile'))
  })
  after(() => hostile[Symbol.asyncDispose]())

  for (const era of ['2025-11-25', '2026-07-28'] as const) {
    test(`is listed under names that are safe and different (${era})`, async () => {
      await using client = await connectClient(castellan, era)
      const names = (await toolNames(client)).filter(name => name.startsWith('hostile__'))
      for (const name of names) assert.match(name, /^[A-Za-z0-9_-]{1,64}$/)
      assert.equal(new Set(names).size, names.length)
      assert.equal(names.filter(name => name === 'hostile__twice').length, 1)
      assert.ok(names.length >= nasty.length)
    })
  }

  for (const era of eras) {
    test(`can be called by each of its names, and breaks nothing (${era})`, async () => {
      const { request } = await speaker(castellan, era)
      const { message } = await request('tools/list', {})
      const tools = message?.result?.['tools'] as readonly { readonly name: string }[]
      for (const { name } of tools.filter(tool => tool.name.startsWith('hostile__') && !/hold|big/.test(tool.name))) {
        const answer = await request('tools/call', { name, arguments: { text: `${'a'.repeat(50)}!` } })
        assert.equal(answer.status, 200)
        assert.ok(answer.message?.result ?? answer.message?.error, name)
      }
      assert.equal(({} as Record<string, unknown>)['polluted'], undefined)
    })
  }

  test('tells its operator what was left out', async () => {
    const { warnings } = await castellan.ask<{ warnings: string[] }>('GET', '/api/mcp-servers/hostile/capabilities')
    assert.ok(warnings.length >= 5, JSON.stringify(warnings))
    for (const warning of warnings) assert.doesNotMatch(warning, /\p{Cc}/u)
  })

  test('leaves the control plane well', async () => {
    assert.equal((await send(castellan, { method: 'GET', path: '/health' })).status, 200)
    assert.deepEqual(
      castellan.log.filter(line => line.includes('"bug"')),
      [],
    )
  })
})

function ours(): Record<string, string> {
  return {
    host: new URL(castellan.url).host,
    authorization: `Bearer ${castellan.key}`,
    accept: 'application/json, text/event-stream',
    'content-type': 'application/json',
  }
}

function head(more: Readonly<Record<string, string>>): string {
  const lines = Object.entries({ ...ours(), ...more }).map(([name, value]) => `${name}: ${value}`)
  return ['POST /mcp HTTP/1.1', ...lines, '', ''].join('\r\n')
}

async function connected(): Promise<Socket> {
  const { hostname, port } = new URL(castellan.url)
  const socket = connect({ host: hostname, port: Number(port) })
  socket.on('error', () => undefined)
  await new Promise(resolve => socket.once('connect', resolve))
  return socket
}

/** The stream of a session, held open. */
async function openStream(id: string): Promise<{ destroy(): void }> {
  const headers = { ...ours(), 'mcp-session-id': id, accept: 'text/event-stream' }
  const request = httpRequest(`${castellan.url}/mcp`, { method: 'GET', headers, agent: false })
  request.on('error', () => undefined).end()
  await new Promise(resolve => request.once('response', response => resolve(response.resume())))
  return request
}

/** The id of the event that names the stream of a session; the connection is then given up. */
async function firstEventOf(id: string): Promise<string> {
  const leaving = new AbortController()
  const headers = { authorization: `Bearer ${castellan.key}`, 'mcp-session-id': id, accept: 'text/event-stream' }
  const response = await fetch(`${castellan.url}/mcp`, { headers, signal: leaving.signal })
  const { value } = await response.body!.getReader().read()
  leaving.abort()
  return /^id: (.+)$/m.exec(new TextDecoder().decode(value))![1]!
}

function list(who: { readonly url: string; readonly key: string }, id: string) {
  return send(who, { headers: { 'mcp-session-id': id }, body: '{"jsonrpc":"2.0","id":1,"method":"tools/list"}' })
}

async function openSessions(): Promise<number> {
  const { text } = await send(castellan, { method: 'GET', path: '/metrics' })
  return Number(/castellan_mcp_sessions\S* (\d+)/.exec(text)?.[1])
}

function calls() {
  return castellan.ask<{ items: { outcome: string | null }[] }>('GET', '/api/calls?limit=1')
}

async function newKey(name: string): Promise<string> {
  const { id } = await castellan.ask<{ id: string }>('POST', '/api/principals', { name, kind: 'agent' })
  const body = { principal: id, name, scopes: ['mcp'] }
  return (await castellan.ask<{ plaintext: string }>('POST', '/api/keys', body)).plaintext
}

async function patience(complaint: string): Promise<never> {
  await new Promise(resolve => setTimeout(resolve, PATIENCE).unref())
  throw new Error(complaint)
}
