import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  agentToolSettings,
  fileToolsSettings,
  historySettings,
  httpFetchSettings,
  networkReconSettings,
  type Server,
} from '@castellan/contracts'
import { changedServer, newServer, settingWords } from './server-options.ts'

describe('a new server', () => {
  test('is a command when one is given', () => {
    assert.deepEqual(newServer('files', ['npx', 'files', '/tmp'], { trust: true }, {}), {
      name: 'files',
      transport: 'stdio',
      command: 'npx',
      args: ['files', '/tmp'],
      trusted: true,
    })
  })

  test('is reached by what its endpoint or document says', () => {
    assert.equal(newServer('a', [], { endpoint: ['https://a.example/mcp'] }, {}).transport, 'streamable-http')
    assert.equal(newServer('a', [], { endpoint: ['WSS://a.example'] }, {}).transport, 'websocket')
    assert.equal(newServer('a', [], { document: '/api.yaml' }, {}).transport, 'openapi')
    assert.equal(newServer('a', [], { endpoint: ['http://a'], transport: 'sse' }, {}).transport, 'sse')
  })

  test('takes secrets in the clear, by reference, or from a variable that is set here', () => {
    const env = ['A=x=y', 'B=${env:TOKEN}', 'C']
    const server = newServer('a', ['x'], { env }, { C: 'from here' })
    assert.deepEqual('env' in server && server.env, { A: 'x=y', B: { env: 'TOKEN' }, C: 'from here' })
  })

  test('takes what is said of single tools', () => {
    const { tools } = newServer('a', ['x'], { effect: ['read=it=read', 'b=unsafe'], network: ['b=false'] }, {})
    assert.deepEqual(tools, { 'read=it': { effect: 'read' }, b: { effect: 'unsafe', network: false } })
  })

  test('takes how a call is verified, as JSON', () => {
    const verify = ['act={"tool":"look","args":{"id":"=args.id"},"happened":"=text = \'={\'"}']
    const { tools } = newServer('a', ['x'], { effect: ['look=read'], verify }, {})
    const how = { tool: 'look', args: { id: '=args.id' }, happened: "=text = '={'" }
    assert.deepEqual(tools, { look: { effect: 'read' }, act: { verify: how } })
    for (const wrong of ['act', 'act=look', 'act={', '={}'])
      assert.throws(() => newServer('a', ['x'], { verify: [wrong] }, {}), { message: /--verify must be written like/ })
  })

  test('takes how its process is confined, and where it may lead', () => {
    const how = ['strict', 'network=host', 'read-only=/a', 'read-only=/b=c', 'memory=512MB', 'processes=64']
    const confined = newServer('a', ['x'], { sandbox: how }, {})
    assert.deepEqual('sandbox' in confined && confined.sandbox, {
      preset: 'strict',
      network: 'host',
      read_only: ['/a', '/b=c'],
      memory: '512MB',
      processes: 64,
    })
    const free = newServer('a', ['x'], { sandbox: false }, {})
    assert.equal('sandbox' in free && free.sandbox, null)
    const far = newServer('a', [], { endpoint: ['https://a'], allowHost: ['b.example'], allowPrivate: true }, {})
    assert.deepEqual('egress' in far && far.egress, { hosts: ['b.example'], allow_private: true })
  })

  for (const [about, command, options] of [
    ['a word about its sandbox that means nothing', ['x'], { sandbox: ['memorry=1GB'] }],
    ['a number of its sandbox that is none', ['x'], { sandbox: ['processes=many'] }],
    ['nothing to reach it by', [], {}],
    ['a number that is none', ['x'], { replicas: 'many' }],
    ['a pair without its middle', ['x'], { timeout: ['call'] }],
    ['an answer that is neither yes nor no', ['x'], { network: ['a=maybe'] }],
    ['a command and another transport', ['x'], { transport: 'sse' }],
  ] as const) {
    test(`is refused for ${about}`, () => {
      assert.throws(() => newServer('a', command, options, {}), { code: 'REQUEST_INVALID' })
    })
  }

  test('is refused for a secret without a name, which is not repeated', () => {
    for (const env of [['planted-secret'], ['=planted-secret']]) {
      assert.throws(
        () => newServer('a', ['x'], { env }, {}),
        (error: Error) => /NAME=value/.test(error.message) && !error.message.includes('planted'),
      )
    }
  })
})

describe('a built-in server', () => {
  test('has settings of the kind that each is', () => {
    const setting = ['root=/a', 'root=/b', 'write=true', 'max-size=2MB', 'max-hosts=7', 'model=acting/a=b']
    const { transport, ...rest } = newServer('files', [], { builtin: 'file_tools', setting }, {}) as Record<
      string,
      unknown
    >
    assert.equal(transport, 'builtin')
    assert.deepEqual(rest['settings'], {
      roots: ['/a', '/b'],
      write: true,
      max_size: '2MB',
      max_hosts: 7,
      model: 'acting/a=b',
    })
  })

  test('can be given every setting there is, and no other', () => {
    const schemas = [agentToolSettings, fileToolsSettings, historySettings, httpFetchSettings, networkReconSettings]
    const settings = new Set(schemas.flatMap(({ shape }) => Object.keys(shape)))
    const said = new Set(Object.values(settingWords).map(([setting]) => setting))
    assert.deepEqual([...said].toSorted(), [...settings].toSorted())
  })

  test('is refused for a setting that is none, or says neither yes nor no', () => {
    for (const [setting, why] of [
      ['roots=/a', /must begin with one of .*root/],
      ['root', /must begin with one of .*root/],
      ['write=yes', /"write=yes" must end in =true or =false/],
    ] as const) {
      assert.throws(() => newServer('a', [], { builtin: 'file_tools', setting: [setting] }, {}), why)
    }
  })

  test('keeps the settings nobody spoke of', () => {
    const { env: _env, ...rest } = existing
    const before: Server = {
      ...rest,
      transport: 'builtin',
      builtin: 'file_tools',
      settings: { roots: ['/a'], write: true },
    }
    const changed = changedServer(before, [], { setting: ['root=/b'] }, {}) as Record<string, unknown>
    assert.deepEqual(changed['settings'], { roots: ['/b'], write: true })
  })
})

describe('a changed server', () => {
  test('keeps what nobody spoke of, its secrets by reference', () => {
    const input = changedServer(existing, [], { timeout: ['call=2m'], effect: ['b=read'], env: ['NEW=1'] }, {})
    assert.deepEqual(input, {
      name: 'files',
      description: 'Files',
      transport: 'stdio',
      command: 'npx',
      args: ['files'],
      cwd: null,
      replicas: 1,
      env: { TOKEN: { secret: 'id/env/TOKEN', masked: true }, NEW: '1' },
      timeouts: { ...existing.timeouts, call: '2m' },
      trusted: false,
      tools: { a: { effect: 'read' }, b: { effect: 'read' } },
      pinning: 'enforce',
      per_client: false,
      max_concurrent: 64,
      probe_every: '30s',
      max_attempts: 3,
    })
  })
})

describe('a changed sandbox', () => {
  const confined = (): Server => ({ ...existing, sandbox: { preset: 'strict', read_only: ['/a'], memory: '1GB' } })

  test('keeps what nobody spoke of', () => {
    const input = changedServer(confined(), [], { sandbox: ['standard', 'memory=2GB'] }, {})
    assert.deepEqual('sandbox' in input && input.sandbox, { preset: 'standard', read_only: ['/a'], memory: '2GB' })
  })

  test('is taken away when that is said', () => {
    const input = changedServer(confined(), [], { sandbox: false }, {})
    assert.equal('sandbox' in input && input.sandbox, null)
  })
})

const existing: Server = {
  id: '00000000-0000-7000-8000-000000000000',
  name: 'files',
  description: 'Files',
  transport: 'stdio',
  command: 'npx',
  args: ['files'],
  cwd: null,
  replicas: 1,
  env: { TOKEN: { secret: 'id/env/TOKEN', masked: true } },
  timeouts: { connect: '10s', read: '1m', write: '10s', pool: '5s', call: '30s' },
  trusted: false,
  tools: { a: { effect: 'read' } },
  pinning: 'enforce',
  per_client: false,
  max_concurrent: 64,
  probe_every: '30s',
  max_attempts: 3,
  health: { status: 'active', failures: 0, checked_at: null, latency_ms: null, reason: null },
  version: 3,
  created_at: '2026-01-01T00:00:00.000Z',
  updated_at: '2026-01-01T00:00:00.000Z',
}
