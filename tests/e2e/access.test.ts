import assert from 'node:assert/strict'
import { get, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { after, before, describe, test } from 'node:test'
import {
  LocalIssuer,
  type SigningKey,
  signingKey,
} from '../../apps/castellan/src/adapters/identity-oidc/fixtures/local-issuer.ts'
import { fixturePath } from '../../apps/castellan/src/adapters/connector-mcp/fixtures/stdio-target.ts'
import { type ControlPlane, controlPlane } from '../support/control-plane.ts'
import { callTool, connect, revisions, toolNames } from '../support/mcp-client.ts'

const ledgerServer = fixturePath('ledger-server.ts')
const audience = 'https://castellan.example/mcp'

let issuer: LocalIssuer
let signer: SigningKey
let castellan: ControlPlane
before(async () => {
  issuer = await LocalIssuer.start()
  signer = await signingKey('k1')
  issuer.keys = [signer.jwk]
  castellan = await controlPlane({
    allowedHosts: ['gate.example', 'other.example:8443'],
    allowedOrigins: ['https://console.example'],
    oidcIssuer: issuer.url,
    oidcAudience: audience,
    oidcRolesClaim: 'realm_access.roles',
    oidcProvision: true,
  })
  const server = { name: 'ledger', transport: 'stdio', command: process.execPath, trusted: true }
  await castellan.ask('POST', '/api/mcp-servers', { ...server, args: [ledgerServer, 'stdio', '/dev/null'] })
  await castellan.ask('POST', '/api/grants', {
    to: { role: 'member' },
    server: 'ledger',
    primitive_type: 'tool',
    name: '*',
  })
})
after(async () => {
  await castellan[Symbol.asyncDispose]()
  await issuer[Symbol.asyncDispose]()
})

describe('a request whose Host or Origin is not ours, as a rebound name sends it', () => {
  const paths = ['/mcp', '/mcp/servers/ledger', '/api/mcp-servers', '/health', '/.well-known/oauth-protected-resource']
  for (const path of paths) {
    test(`is refused at ${path}, whatever its key`, async () => {
      const { port } = new URL(castellan.url)
      const hosts = ['evil.example', `evil.example:${port}`, 'localhost.evil.example', '127.0.0.1.nip.io']
      for (const host of hosts) assert.ok([400, 403].includes(await statusOf(path, { host })), `Host ${host}`)
      for (const origin of ['https://evil.example', 'https://localhost.evil.example', 'null']) {
        assert.equal(await statusOf(path, { origin }), 403, `Origin ${origin}`)
      }
    })
  }

  test('is let in under the names and origins that were allowed, and under loopback names', async () => {
    const { port } = new URL(castellan.url)
    const hosts = ['gate.example', 'GATE.example:443', 'other.example:8443', `localhost:${port}`, `[::1]:${port}`]
    for (const host of hosts) assert.equal(await statusOf('/api/mcp-servers', { host }), 200, `Host ${host}`)
    assert.equal(await statusOf('/api/mcp-servers', { host: 'other.example:8444' }), 403)
    for (const origin of ['https://console.example', 'http://localhost:5173']) {
      assert.equal(await statusOf('/api/mcp-servers', { origin }), 200, `Origin ${origin}`)
    }
  })
})

describe('a client without credentials', () => {
  for (const path of ['/mcp', '/mcp/servers/ledger', '/mcp/groups/any']) {
    test(`is told at ${path} where the metadata is, and finds the issuer there`, async () => {
      const response = await fetch(`${castellan.url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} }),
      })
      assert.equal(response.status, 401)
      const challenge = response.headers.get('www-authenticate') ?? ''
      const where = /^Bearer resource_metadata="([^"]+)"$/.exec(challenge)?.[1]
      assert.equal(where, `${castellan.url}/.well-known/oauth-protected-resource${path}`)

      const metadata = (await (await fetch(where)).json()) as Record<string, unknown>

      assert.equal(metadata.resource, `${castellan.url}${path}`)
      assert.deepEqual(metadata.authorization_servers, [issuer.url])
      assert.deepEqual(metadata.bearer_methods_supported, ['header'])
    })
  }
})

test('behind a proxy the metadata speaks of the public URL, whose name is let in', async () => {
  await using behind = await controlPlane({ publicUrl: 'https://gate.example/castellan/' })
  const path = '/.well-known/oauth-protected-resource/mcp'
  const response = await new Promise<string>((resolve, reject) => {
    const { port } = new URL(behind.url)
    const asking = get({ host: '127.0.0.1', port, path, headers: { host: 'gate.example' }, agent: false }, answer => {
      text(answer).then(resolve, reject)
    })
    asking.once('error', reject)
  })
  assert.equal((JSON.parse(response) as { resource: string }).resource, 'https://gate.example/castellan/mcp')
})

describe('a token of the issuer', () => {
  for (const revision of revisions) {
    test(`lets a ${revision} client list and call, and policy sees the roles it carries`, async () => {
      const sub = `reader-${revision}`
      await using reader = await connect(castellan, revision, { key: await token({ sub }) })
      assert.ok((await toolNames(reader)).includes('ledger__look'))
      assert.equal((await callTool(reader, 'ledger__look')).outcome, 'ok')
      assert.equal((await callTool(reader, 'ledger__add', { id: sub })).outcome, 'denied_policy')

      await using operator = await connect(castellan, revision, { key: await token({ sub, roles: ['operator'] }) })
      assert.equal((await callTool(operator, 'ledger__add', { id: sub })).outcome, 'ok')
    })
  }

  test('that loses a role loses it with the next token, in the same session', async () => {
    const id = await initialize(await token({ sub: 'shifting', roles: ['operator'] }))
    const asOperator = await add(id, await token({ sub: 'shifting', roles: ['operator'] }))
    const asMember = await add(id, await token({ sub: 'shifting' }))
    assert.match(asMember, /denied_policy/)
    assert.doesNotMatch(asOperator, /denied_policy/)
  })

  test('does not open the session of somebody else', async () => {
    const id = await initialize(await token({ sub: 'owner' }))
    const response = await post(await token({ sub: 'thief' }), ping, { 'mcp-session-id': id })
    assert.equal(response.status, 404)
  })

  const wrong: Record<string, () => Promise<string>> = {
    'for another audience': () => token({ sub: 's', aud: 'https://other.example' }),
    'without an audience': () => token({ sub: 's', aud: undefined }),
    'of another issuer': () => token({ sub: 's', iss: 'https://evil.example' }),
    expired: () => token({ sub: 's', exp: now() - 60 }),
    'not valid yet': () => token({ sub: 's', nbf: now() + 600 }),
    'signed with another key': async () =>
      issuer.sign({ ...(await signingKey('k1')), kid: 'k1' }, { sub: 's', aud: audience, exp: now() + 60 }),
    'that is none': async () => 'a.b.c',
  }
  for (const [what, make] of Object.entries(wrong)) {
    test(`${what} is 401 on /mcp and REST, in the same words as none at all`, async () => {
      const none = await post(null, ping)
      const given = await post(await make(), ping)
      assert.deepEqual([given.status, await given.text()], [none.status, await none.text()])
      assert.equal(given.status, 401)
      const rest = await fetch(`${castellan.url}/api/mcp-servers`, { headers: bearer(await make()) })
      assert.equal(rest.status, 401)
    })
  }
})

describe('X-Tenant-ID', () => {
  before(async () => {
    await castellan.ask('POST', '/api/tenants', { id: 'second' })
    await castellan.ask('POST', '/api/tenants', { id: 'third' })
  })

  for (const revision of revisions) {
    test(`selects another tenant of a ${revision} client's principal, and only that one is seen`, async () => {
      await using home = await connect(castellan, revision)
      await using away = await connect(castellan, revision, { tenant: 'second' })
      assert.ok((await toolNames(home)).includes('ledger__look'))
      assert.deepEqual(await toolNames(away), [])
      await assert.rejects(callTool(away, 'ledger__look'), /Unknown tool/)
    })
  }

  test('selects it for REST, too', async () => {
    const response = await fetch(`${castellan.url}/api/mcp-servers`, {
      headers: { ...bearer(castellan.key), 'x-tenant-id': 'second' },
    })
    assert.deepEqual(((await response.json()) as { items: unknown[] }).items, [])
  })

  test('of a tenant one does not belong to is 401, in the same words as one that does not exist', async () => {
    const principal = await castellan.ask<{ id: string }>('POST', '/api/principals', { name: 'local', kind: 'user' })
    const scopes = ['mcp', 'read']
    const made = await castellan.ask<{ plaintext: string }>('POST', '/api/keys', {
      principal: principal.id,
      name: 'local',
      scopes,
    })
    const asking = (tenant: string) => post(made.plaintext, ping, { 'x-tenant-id': tenant })
    const [foreign, unknown] = [await asking('third'), await asking('nowhere')]
    assert.deepEqual([foreign.status, await foreign.text()], [401, await unknown.text()])
    assert.equal(unknown.status, 401)
    const rest = async (tenant: string) => {
      const headers = { ...bearer(made.plaintext), 'x-tenant-id': tenant, 'x-correlation-id': 'same' }
      const response = await fetch(`${castellan.url}/api/mcp-servers`, { headers })
      return [response.status, await response.text()]
    }
    assert.deepEqual(await rest('third'), await rest('nowhere'))
    assert.equal((await rest('third'))[0], 401)
  })

  test('of another tenant does not open a session begun in the first', async () => {
    const id = await initialize(castellan.key)
    const response = await post(castellan.key, ping, { 'mcp-session-id': id, 'x-tenant-id': 'second' })
    assert.equal(response.status, 404)
  })
})

const ping = { jsonrpc: '2.0', id: 7, method: 'ping' }

function now(): number {
  return Math.floor(Date.now() / 1_000)
}

function token({ roles, ...claims }: { roles?: string[] } & Record<string, unknown>): Promise<string> {
  return issuer.sign(signer, { aud: audience, exp: now() + 300, realm_access: { roles: roles ?? [] }, ...claims })
}

function bearer(credential: string) {
  return { authorization: `Bearer ${credential}` }
}

function post(credential: string | null, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${castellan.url}/mcp`, {
    method: 'POST',
    headers: {
      ...(credential === null ? {} : bearer(credential)),
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...headers,
    },
    body: JSON.stringify(body),
  })
}

async function initialize(credential: string): Promise<string> {
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'raw', version: '1' } }
  const response = await post(credential, { jsonrpc: '2.0', id: 1, method: 'initialize', params })
  await response.text()
  const id = response.headers.get('mcp-session-id')
  assert.ok(id !== null, `a session is begun, not ${response.status}`)
  return id
}

async function add(session: string, credential: string): Promise<string> {
  const params = { name: 'ledger__add', arguments: { id: 'raw' } }
  const call = { jsonrpc: '2.0', id: 2, method: 'tools/call', params }
  return (await post(credential, call, { 'mcp-session-id': session })).text()
}

/** Status of a request with the administrator's key and headers that `fetch` would not send. */
function statusOf(path: string, headers: Record<string, string>): Promise<number> {
  const { hostname, port } = new URL(castellan.url)
  return new Promise((resolve, reject) => {
    const asked = request({ hostname, port, path, headers: { ...bearer(castellan.key), ...headers } }, response => {
      response.resume()
      response.on('end', () => resolve(response.statusCode ?? 0))
    })
    asked.on('error', reject)
    asked.end()
  })
}
