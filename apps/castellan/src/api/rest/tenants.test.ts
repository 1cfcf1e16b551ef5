import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type ControlPlane, controlPlane, stdioServer } from '../../../../../tests/support/control-plane.ts'
import { ask } from './fixtures/asking.ts'
import { hire } from './fixtures/people.ts'

const OTHERS = 'acme-private'
const NO_ID = '01932c07-209d-7a51-9b2e-5a8d7c1f3e64'
const idle = { transport: 'stdio', command: 'true', allow_unhealthy: true }

let castellan: ControlPlane
/** What the other tenant has: ids and names by kind. */
let theirs: Record<
  'server' | 'grant' | 'group' | 'limits' | 'budget' | 'price' | 'principal' | 'key' | 'call',
  readonly string[]
>
/** The key of somebody who administers the default tenant and does not belong to the other. */
let ours: string
let theirKey: string

before(async () => {
  castellan = await controlPlane()
  await castellan.ask('POST', '/api/tenants', { id: 'acme' })
  const their = await hire(castellan, { tenant: 'acme', roles: ['admin'] })
  theirKey = their.key
  const made = async (method: string, path: string, body: unknown): Promise<{ id: string; call_id: string }> => {
    const { status, text } = await ask(castellan, method, path, { body, key: theirKey })
    assert.ok(status < 300, text)
    return JSON.parse(text || '{}') as { id: string; call_id: string }
  }
  const server = await made('POST', '/api/mcp-servers', { ...idle, name: OTHERS })
  const everything = { to: { role: 'admin' }, server: '*', primitive_type: 'tool', name: '*' }
  const grant = await made('POST', '/api/grants', everything)
  const group = await made('PUT', `/api/groups/${OTHERS}`, { members: [{ server: OTHERS, names: ['*'] }] })
  const limits = await made('PUT', `/api/limits/${OTHERS}`, { block: [OTHERS] })
  const budget = await made('PUT', `/api/budgets/${OTHERS}`, { unit: 'calls', limit: 1_000 })
  const price = await made('PUT', `/api/prices/${OTHERS}`, { tools: '*', per_call: 1 })
  await made('PUT', `/api/secrets/${OTHERS}`, { value: 'something secret' })
  await made('PUT', '/api/policies', { files: { [`${OTHERS}.cedar`]: 'permit (principal, action, resource);' } })
  await made('POST', '/api/mcp-servers', stdioServer('everything'))
  const call = await made('POST', '/api/calls', { name: 'everything__echo', args: { message: OTHERS } })
  theirs = {
    server: [server.id, OTHERS],
    grant: [grant.id],
    group: [group.id, OTHERS],
    limits: [limits.id, OTHERS],
    budget: [budget.id, OTHERS],
    price: [price.id, OTHERS],
    principal: [their.id],
    key: [their.keyId],
    call: [call.call_id],
  }
  ours = (await hire(castellan, { roles: ['admin'] })).key
})
after(() => castellan[Symbol.asyncDispose]())

const single = [
  ['GET', '/api/mcp-servers/', 'server'],
  ['PUT', '/api/mcp-servers/', 'server', { ...idle, name: 'taken' }],
  ['DELETE', '/api/mcp-servers/', 'server'],
  ['POST', '/api/mcp-servers/', 'server', undefined, '/health-check'],
  ['POST', '/api/mcp-servers/', 'server', undefined, '/discover'],
  ['GET', '/api/mcp-servers/', 'server', undefined, '/capabilities'],
  ['DELETE', '/api/grants/', 'grant'],
  ['GET', '/api/groups/', 'group'],
  ['DELETE', '/api/groups/', 'group'],
  ['DELETE', '/api/limits/', 'limits'],
  ['GET', '/api/budgets/', 'budget'],
  ['DELETE', '/api/budgets/', 'budget'],
  ['GET', '/api/budgets/', 'budget', undefined, '/usage'],
  ['DELETE', '/api/prices/', 'price'],
  ['PUT', '/api/principals/', 'principal', { roles: ['member'] }],
  ['DELETE', '/api/keys/', 'key'],
  ['GET', '/api/calls/', 'call'],
] as const

describe('what belongs to another tenant is answered exactly like what does not exist', () => {
  for (const [method, path, kind, body, rest = ''] of single) {
    test(`${method} ${path}…${rest}`, async () => {
      const asked = { key: ours, ...(body === undefined ? {} : { body }) }
      const unknown = await ask(castellan, method, `${path}${NO_ID}${rest}`, asked)
      assert.equal(unknown.status, 404)
      for (const name of theirs[kind]) {
        const { status, text } = await ask(castellan, method, `${path}${name}${rest}`, asked)
        // Each is told its own words again.
        assert.deepEqual([status, text], [unknown.status, unknown.text.replaceAll(NO_ID, name)])
      }
    })
  }

  test('a key or a grant for one of its principals', async () => {
    for (const [path, wish] of [
      ['/api/keys', (principal: string) => ({ principal, name: 'x', scopes: ['read'] })],
      ['/api/grants', (principal: string) => ({ to: { principal }, server: '*', primitive_type: 'tool', name: '*' })],
    ] as const) {
      const unknown = await ask(castellan, 'POST', path, { key: ours, body: wish(NO_ID) })
      const others = await ask(castellan, 'POST', path, { key: ours, body: wish(theirs.principal[0]!) })
      assert.deepEqual([others.status, others.text], [404, unknown.text.replaceAll(NO_ID, theirs.principal[0]!)])
    }
    const limits = { to: { principal: theirs.principal[0]! } }
    assert.equal((await ask(castellan, 'PUT', '/api/limits/x', { key: ours, body: limits })).status, 404)
    const budget = { ...limits, unit: 'calls', limit: 1 }
    assert.equal((await ask(castellan, 'PUT', '/api/budgets/x', { key: ours, body: budget })).status, 404)
  })

  test('a call of one of its tools', async () => {
    const told = async (name: string) => {
      const { status, text } = await ask(castellan, 'POST', '/api/calls', { key: ours, body: { name } })
      return [status, { ...JSON.parse(text.replaceAll(name, 'it')), call_id: '' }]
    }
    assert.deepEqual(await told(`${OTHERS}__nothing`), await told('nowhere__nothing'))
  })
})

const lists = [
  '/api/mcp-servers',
  '/api/capabilities',
  '/api/grants',
  '/api/groups',
  '/api/limits',
  '/api/budgets',
  '/api/prices',
  '/api/policies',
  '/api/principals',
  '/api/keys',
  '/api/calls',
  '/api/calls?server=acme-private',
  '/api/journal',
  '/api/journal?stream=tenant:acme',
]
for (const path of lists) {
  test(`GET ${path} shows nothing of another tenant`, async () => {
    const { status, text } = await ask(castellan, 'GET', path, { key: ours })
    assert.equal(status, 200)
    // Names are shown by the journal to whoever asked for them; ids nobody here was ever told.
    const secret = Object.values(theirs).flatMap(([id, name]) => (path.startsWith('/api/journal') ? id : [id, name]))
    for (const each of secret) assert.ok(each === undefined || !text.includes(each), `${each} in ${text}`)
  })
}

test('the other tenant may use the same names, and still has everything it had', async () => {
  const mine = { key: ours, body: { ...idle, name: OTHERS } }
  assert.equal((await ask(castellan, 'POST', '/api/mcp-servers', mine)).status, 201)
  assert.equal((await ask(castellan, 'DELETE', `/api/mcp-servers/${OTHERS}`, { key: ours })).status, 204)
  const pruned = { manifest: { servers: [], groups: [], grants: [], limits: [], budgets: [], prices: [] }, prune: true }
  assert.equal((await ask(castellan, 'POST', '/api/apply', { key: ours, body: pruned })).status, 200)

  for (const [path, kind] of [
    ['/api/mcp-servers', 'server'],
    ['/api/grants', 'grant'],
    ['/api/groups', 'group'],
    ['/api/limits', 'limits'],
    ['/api/budgets', 'budget'],
    ['/api/prices', 'price'],
    ['/api/principals', 'principal'],
    ['/api/keys', 'key'],
    ['/api/calls', 'call'],
  ] as const) {
    const { text } = await ask(castellan, 'GET', path, { key: theirKey })
    assert.ok(text.includes(theirs[kind][0]!), `${path}: ${text}`)
  }
})
