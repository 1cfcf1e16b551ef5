import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { checkSpec } from './check-spec.ts'
import { noSandboxWishes } from './sandbox.ts'
import type { OAuthSettings } from './server.ts'
import type { ConnectionSpec, SecretInput } from './server-spec.ts'

test('an address holds no secret, and none that it held is repeated', () => {
  for (const url of [
    'https://user:PLANTED@a.example/',
    'https://PLANTED@a.example/',
    'https://a.example/?api_key=PLANTED',
    'https://a.example/mcp?a=1&accessToken=PLANTED#x',
    'ftp://a.example/?token=PLANTED',
  ]) {
    assert.throws(
      () => check({}, {}, [url]),
      (error: Error) =>
        !error.message.includes('PLANTED') && /holds credentials|in its query|is not a URL/.test(error.message),
      url,
    )
  }
  assert.doesNotThrow(() => check({}, {}, ['https://a.example/mcp?profile=work&tokens_max=5']))
})

describe('a server with OAuth', () => {
  test('is reached by https, or on this machine', () => {
    for (const url of ['https://mcp.example/mcp', 'http://127.0.0.1:9/mcp', 'http://localhost/mcp', 'http://[::1]/']) {
      assert.doesNotThrow(() => check({}, {}, [url]))
    }
    assert.throws(() => check({}, {}, ['http://mcp.example/mcp']), /by https, or on this machine/)
  })

  for (const [about, auth, connection, endpoints, why] of [
    ['by another transport', {}, { transport: 'websocket' }, ['wss://a.example'], /no OAuth/],
    ['on several origins', {}, {}, ['https://a.example/mcp', 'https://b.example/mcp'], /on one origin/],
    ['with a header of its own', {}, { headers: { AUTHORIZATION: { env: 'X' } } }, undefined, /not both/],
    ['with a secret of nobody', { clientSecret: { env: 'X' } }, {}, undefined, /needs its client id/],
    ['that is two clients', { clientId: 'a', clientMetadataUrl: 'https://a.example/x' }, {}, undefined, /not both/],
    ['whose issuer is no address', { issuer: 'login' }, {}, undefined, /not a URL/],
    [
      'whose document is not under TLS',
      { clientMetadataUrl: 'http://a.example/x' },
      {},
      undefined,
      /not a URL with https/,
    ],
    ['whose document has no path', { clientMetadataUrl: 'https://a.example' }, {}, undefined, /needs a path/],
    ['with two scopes in one', { scopes: ['a b'] }, {}, undefined, /is not a scope/],
  ] as const) {
    test(`is refused ${about}`, () => {
      assert.throws(() => check(auth, connection, endpoints), why)
    })
  }
})

describe('a host that a server may lead to', () => {
  const hosts = (...hosts: string[]) => check({}, { egress: { hosts, allowPrivate: false } })

  test('is a name, an address, or all below a name', () => {
    assert.doesNotThrow(() =>
      hosts('a.example', '*.a.example', '10.0.0.1', 'fd00::1', 'xn--bcher-kva.example', 'tools'),
    )
  })

  for (const host of [
    '',
    '*',
    '*.',
    'a.*.example',
    'https://a.example',
    'a.example:443',
    'a.example/x',
    'u@a.example',
    'bücher.example',
    '[::1]',
    'A.example',
  ]) {
    test(`is not ${JSON.stringify(host)}`, () => assert.throws(() => hosts(host), /is not a host/))
  }
})

test('a process is confined by paths that can be', () => {
  const sandbox = { preset: 'strict', ...noSandboxWishes, readOnly: ['data'] } as const
  const connection = { transport: 'stdio', command: 'x', args: [], cwd: null, env: {}, replicas: 1, sandbox } as const
  const spec = { name: 'files', description: '', connection, timeouts: {}, trusted: false, tools: {} }
  assert.throws(() => checkSpec(spec), { code: 'REQUEST_INVALID', message: /"data" of the sandbox must be absolute/ })
})

function check(
  auth: Partial<OAuthSettings<SecretInput>>,
  connection: Partial<ConnectionSpec> = {},
  endpoints: readonly string[] = ['https://mcp.example/mcp'],
): void {
  const none = {
    type: 'oauth',
    clientId: null,
    clientSecret: null,
    issuer: null,
    scopes: [],
    clientMetadataUrl: null,
  } as const
  const whole = { transport: 'streamable-http', endpoints, headers: {}, auth: { ...none, ...auth }, ...connection }
  checkSpec({
    name: 'files',
    description: '',
    connection: whole as ConnectionSpec,
    timeouts: {},
    trusted: false,
    tools: {},
  })
}
