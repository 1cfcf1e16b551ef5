import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Capability, Key, Principal, Server, Subscription, Trigger } from '@castellan/contracts'
import { examineControlPlane, type Facts } from './control-plane.ts'

const NOW = new Date('2026-06-01T00:00:00Z')
const ID = '00000000-0000-7000-8000-00000000000'

describe('what is found about a control plane', () => {
  test('is nothing when all is well', () => assert.deepEqual(found({}), []))

  test('is that it takes no work', () => expectOne({ notReady: 'the disk is full' }, 'critical', /disk is full/))

  test('is what goes worse than it could', () => expectOne({ impaired: ['NATS is away'] }, 'warning', /NATS is away/))

  test('is that it is reached without TLS from elsewhere', () =>
    expectOne({ url: 'http://castellan.example' }, 'warning', /http:\/\/castellan\.example/))

  test('is a policy that permits everything', () => {
    const files = { 'a.cedar': '\npermit (principal, action, resource);' }
    expectOne({ policies: { files, digest: '', version: 1 } }, 'critical', /a\.cedar:2 permits everything/)
  })

  test('are policies that are not valid', () =>
    expectOne({ policyProblems: [{ file: 'a.cedar', line: 1, message: 'no' }] }, 'critical', /a\.cedar: no/))

  test('are guardrails that do nothing, look at nothing or let things mix', () => {
    expectOne({ guardrails: { ...guarding, mode: 'advisory' } }, 'warning', /only take notes/)
    expectOne({ guardrails: { ...guarding, mixing: 'allow' } }, 'advice', /go on after/)
    const rule = { stages: null, scan: false, mode: null, thresholds: {}, categories: {}, providers: null, labels: [] }
    expectOne({ guardrails: { ...guarding, rules: [{ ...rule, tools: ['*/*'] }] } }, 'warning', /of no tool/)
    assert.deepEqual(found({ guardrails: { ...guarding, rules: [{ ...rule, tools: ['backup/*'] }] } }), [])
  })

  test('are providers of the guardrails that do not work, or have parts missing', () => {
    const last_failure = { at: '', why: 'HTTP 503' }
    const external = {
      state: 'failing' as const,
      stages: [],
      asked: 1,
      failed: 1,
      reused: 0,
      last_failure,
      missing: [],
    }
    const provider = { name: 'moderation', kind: 'http', metric: null, version: null, available: false, external }
    expectOne({ providers: [provider] }, 'warning', /provider moderation does not work: HTTP 503/)
    assert.match(found({ providers: [provider], guardrails: { ...guarding, mode: 'hard_gate' } })[0]!.why, /is blocked/)
    const missing = ['the package x is not installed: npm install x']
    expectOne(
      { providers: [{ ...provider, external: { ...external, missing } }] },
      'warning',
      /the package x is not installed$/,
    )
    assert.equal(found({ providers: [{ ...provider, external: { ...external, missing } }] })[0]!.fix, 'npm install x')
    assert.deepEqual(found({ providers: [{ ...provider, available: true }] }), [])
  })

  test('is a tenant without policies, once, and not one that is suspended', () => {
    const tenant = { id: 'default', description: '', suspended: false, version: 1 }
    const asleep = { ...tenant, id: 'asleep', suspended: true }
    const tenants = [tenant, asleep].map(each => ({ tenant: each, hasPolicies: false }))
    expectOne({ tenants, policies: 'missing' }, 'warning', /tenant default has no policies/)
  })

  test('is a server that is not well', () => {
    const health = { ...server.health, status: 'inactive' as const, reason: 'refused' }
    expectOne({ servers: [{ server: { ...server, health }, catalog: null }] }, 'warning', /files is inactive: refused/)
  })

  test('is a server that is trusted', () =>
    expectOne({ servers: [{ server: { ...server, trusted: true }, catalog: null }] }, 'advice', /trusted/))

  test('is a server whose tools are all unsafe because nobody said more', () => {
    const catalog = { ...emptyCatalog, capabilities: [tool('write', 'unsafe'), tool('wipe', 'unsafe')] }
    expectOne({ servers: [{ server, catalog }] }, 'advice', /all 2 tools/)
    const known = { ...emptyCatalog, capabilities: [tool('look', 'read'), tool('wipe', 'unsafe')] }
    assert.deepEqual(found({ servers: [{ server, catalog: known }] }), [])
  })

  test('is a server that may do what the control plane may', () => {
    const { sandbox: _, ...free } = server
    expectOne({ servers: [{ server: free, catalog: null }] }, 'advice', /without a sandbox: files/)
  })

  test('is a server that may lead into private networks', () => {
    const egress = { hosts: null, allow_private: true }
    const { sandbox: _, ...rest } = { ...server, transport: 'sse' as const, endpoints: ['https://a.example'], egress }
    expectOne({ servers: [{ server: rest, catalog: null }] }, 'advice', /not public for files/)
    const kept = { ...rest, egress: { hosts: ['b.example'], allow_private: false } }
    assert.deepEqual(found({ servers: [{ server: kept, catalog: null }] }), [])
  })

  test('is a server that is reached without TLS, unless it is on this machine', () => {
    const over = (endpoint: string): Facts['servers'] => [
      { server: { ...server, transport: 'streamable-http', endpoints: [endpoint] }, catalog: null },
    ]
    expectOne({ servers: over('http://mcp.example/mcp') }, 'warning', /without TLS: http:\/\/mcp\.example/)
    assert.deepEqual(found({ servers: over('http://localhost:3000') }), [])
    assert.deepEqual(found({ servers: over('wss://mcp.example') }), [])
  })

  test('are definitions that wait for review, server by server, and a server that is not held to any', () => {
    const waiting = { digest: '', changes: [], since: '', rejected: null }
    const pin = {
      id: '1',
      server: 'files',
      primitive_type: 'tool',
      name: 'read',
      state: 'quarantined',
      approved: null,
    } as const
    const pins = [
      { ...pin, enforced: true, waiting },
      { ...pin, name: 'write', enforced: true, waiting },
    ]
    expectOne({ pins }, 'warning', /2 definitions of the server files wait for review: read, write/)
    assert.deepEqual(found({ pins: [{ ...pin, enforced: false, waiting }] }), [])
    for (const pinning of ['warn', 'off'] as const)
      expectOne(
        { servers: [{ server: { ...server, pinning }, catalog: null }] },
        'warning',
        /not held to what was reviewed/,
      )
  })

  test('is what was remarked when a server was discovered', () => {
    const catalog = { ...emptyCatalog, warnings: ['the tool "x" was left out'] }
    expectOne({ servers: [{ server, catalog }] }, 'advice', /"x" was left out/)
  })

  test('is that everything is granted to everybody', () => {
    const grant = { id: ID, server: '*', primitive_type: 'tool' as const, name: '*', as_tool: false }
    expectOne({ grants: [{ ...grant, to: { role: 'member' } }] }, 'warning', /every tool of every server/)
    assert.deepEqual(found({ grants: [{ ...grant, to: { role: 'admin' } }] }), [])
  })

  test('are keys that never end, but not those that are over', () => {
    expectOne({ keys: [{ ...key, expires_at: null }] }, 'advice', /a key never ends: nightly/)
    assert.deepEqual(found({ keys: [{ ...key, expires_at: null, revoked_at: '2026-01-01T00:00:00Z' }] }), [])
  })

  test('is a key with the scope admin in the hands of somebody else', () => {
    const principals: Principal[] = [
      { id: ID, name: 'bot', kind: 'agent', roles: ['member'], external: null, version: 1 },
    ]
    const keys: Key[] = [{ ...key, scopes: ['admin'] }]
    expectOne({ keys, principals }, 'warning', /nightly .*scope admin/)
    assert.deepEqual(found({ keys, principals: [{ ...principals[0]!, roles: ['admin'] }] }), [])
  })

  test('is that the key may not see everything', () =>
    expectOne({ keys: null, tenants: null }, 'advice', /may not see keys, tenants/))
})

describe('what is found of policy engines', () => {
  const opa = { name: 'opa', fail_open: false, trouble: null }

  test('is one that allows when it is not there, whether it is there or not', () => {
    expectOne({ engines: [{ ...opa, fail_open: true }] }, 'warning', /FAIL OPEN.*opa/)
    const both = found({ engines: [{ ...opa, fail_open: true, trouble: 'the connection was refused' }] })
    assert.deepEqual(
      both.map(({ severity }) => severity),
      ['warning', 'critical'],
    )
  })

  test('is one that cannot decide, and why', () => {
    const engines = [{ ...opa, name: 'opa-wasm', trouble: 'the bundle cannot be read (ENOENT)' }]
    expectOne({ engines }, 'critical', /opa-wasm has trouble: the bundle cannot be read/)
  })

  test('is nothing about policy files where nobody asks them', () => {
    assert.deepEqual(found({ engines: [opa], policies: 'missing', tenants: null }).map(({ what }) => what), [
      'this key may not see tenants, so they were not looked at',
    ]) // prettier-ignore
  })
})

test('what is found of a provider of models is what keeps it from being asked', () => {
  const models = [{ name: 'openai', kind: 'openai', trouble: 'a secret it needs cannot be read: it is not set' }]
  expectOne({ models }, 'warning', /provider of models openai \(openai\) cannot be asked: a secret it needs/)
})

describe('what is found of a subscription', () => {
  const about = (change: Partial<Subscription>, standing: Partial<Subscription['standing']> = {}) => ({
    subscriptions: [{ ...subscription, ...change, standing: { ...subscription.standing, ...standing } }],
  })

  test('is nothing while its entries arrive', () => assert.deepEqual(found(about({})), []))

  test('is that it is paused, that it fails, or that it is far behind', () => {
    const paused = { why: 'it answered 410, and wants no more', at: '' }
    expectOne(about({ paused }, { failures: 9 }), 'advice', /audit is paused: it answered 410/)
    expectOne(about({}, { failures: 5, trouble: 'it answered 500' }), 'warning', /5 times in a row: it answered 500/)
    expectOne(about({}, { behind: 20_000 }), 'warning', /20000 entries behind/)
  })

  test('are its dead letters', () => expectOne(about({}, { dead_letters: 1 }), 'warning', /1 entry never reached/))
})

describe('what is found of a trigger', () => {
  const about = (change: Partial<Trigger>, standing: Partial<Trigger['standing']> = {}) => ({
    triggers: [{ ...trigger, ...change, standing: { ...trigger.standing, ...standing } }],
  })

  test('is nothing while it starts runs, though it failed before', () => {
    assert.deepEqual(found(about({})), [])
    assert.deepEqual(found(about({}, { failed: 9 })), [])
  })

  test('is nothing when it failed once or twice', () => {
    assert.deepEqual(found(about({}, { failed: 2, trouble: 'there is no such workflow' })), [])
  })

  test('is that it fails again and again, or that it is disabled', () => {
    const failing = { failed: 5, trouble: 'there is no such workflow' }
    expectOne(about({}, failing), 'warning', /doors has failed 5 times, and started nothing since: there is no such/)
    expectOne(about({ enabled: false }, failing), 'advice', /doors is disabled/)
  })

  test('is that it stands still, whatever else', () => {
    const full = { failed: 5, kept: 3, stalled: true, trouble: 'there is no such workflow' }
    expectOne(about({}, full), 'critical', /doors stands still: 3 of its failures are kept, as many as may be/)
  })
})

function found(facts: Partial<Facts>) {
  return examineControlPlane({ ...well, ...facts }, NOW)
}

function expectOne(facts: Partial<Facts>, severity: string, what: RegExp): void {
  const findings = found(facts)
  assert.deepEqual(
    findings.map(each => each.severity),
    [severity],
  )
  assert.match(findings[0]!.what, what)
  assert.ok(findings[0]!.why !== '' && findings[0]!.fix !== '')
}

const guarding = {
  mode: 'mixed' as const,
  thresholds: {},
  categories: {},
  providers: null,
  rules: [],
  mixing: 'approve' as const,
  version: 0,
}

const well: Facts = {
  url: 'http://127.0.0.1:7400',
  version: '0',
  notReady: null,
  impaired: [],
  servers: [],
  pins: [],
  grants: [],
  principals: [],
  keys: [],
  engines: [{ name: 'cedar', fail_open: false, trouble: null }],
  policies: { files: {}, digest: '', version: 1 },
  policyProblems: [],
  guardrails: guarding,
  models: [{ name: 'local', kind: 'openai-compatible', trouble: null }],
  providers: [],
  subscriptions: [],
  triggers: [],
  tenants: [],
}

const subscription: Subscription = {
  id: ID,
  name: 'audit',
  description: '',
  topic: '>',
  principal: null,
  stream_prefix: null,
  webhook: { url: 'https://hooks.example', secret: 'hook' },
  retry: { max_attempts: 20, first_pause: '5s', longest_pause: '1h' },
  order: 'stream',
  concurrency: 8,
  version: 1,
  paused: null,
  standing: { cursor: 1, behind: 0, pending: 0, delivered: 1, dead_letters: 0, failures: 0, trouble: null },
}

const trigger: Trigger = {
  id: ID,
  name: 'doors',
  description: '',
  source: { kind: 'entry', topic: 'custom.door.*' },
  condition: null,
  starts: { kind: 'workflow', name: 'echo', input: null, priority: 0 },
  most_open: 100,
  enabled: true,
  version: 1,
  principal: ID,
  url: null,
  next_at: null,
  standing: { open: 0, started: 1, failed: 0, kept: 0, stalled: false, refused: 0, cursor: 1, trouble: null },
}

const key: Key = {
  id: ID,
  principal: ID,
  name: 'nightly',
  scopes: ['mcp'],
  expires_at: '2026-12-01T00:00:00Z',
  revoked_at: null,
  created_at: '2026-01-01T00:00:00Z',
}

const server: Server = {
  id: ID,
  name: 'files',
  description: '',
  transport: 'stdio',
  command: 'x',
  sandbox: { preset: 'strict' },
  timeouts: { connect: '10s', read: '1m', write: '10s', pool: '5s', call: '30s' },
  trusted: false,
  tools: {},
  pinning: 'enforce',
  per_client: false,
  max_concurrent: 64,
  probe_every: '30s',
  max_attempts: 3,
  health: { status: 'active', failures: 0, checked_at: null, latency_ms: 1, reason: null },
  version: 1,
  created_at: '2026-01-01T00:00:00Z',
  updated_at: '2026-01-01T00:00:00Z',
}

const emptyCatalog = {
  server: 'files',
  protocol_version: null,
  discovered_at: null,
  warnings: [] as string[],
  capabilities: [] as Capability[],
}

function tool(name: string, effect: Capability['effect']): Capability {
  return {
    server: 'files',
    primitive_type: 'tool',
    name,
    exposed: `files__${name}`,
    effect,
    open_world: true,
    digest: '',
    definition: {},
  }
}
