import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { localVault, oneKey } from '../adapters/secrets-local/index.ts'
import { openSqlite } from '../adapters/store-sql/index.ts'
import type { Actor, Identity } from '../identity/index.ts'
import { Journal } from '../journal/index.ts'
import { digestJson, fault, manualClock, systemClock } from '../kernel/index.ts'
import type { Discovery } from './capability.ts'
import type { CatalogChange } from './catalog-change.ts'
import type { CatalogSource } from './catalog-source.ts'
import { Registry } from './registry.ts'
import type { Server } from './server.ts'
import type { ServerSpec } from './server-spec.ts'

const actor: Actor = { tenant: 'default', principal: 'system', correlationId: 'c1' }
const stranger: Actor = { ...actor, tenant: 'other' }
const spec: ServerSpec = {
  name: 'files',
  description: 'Files',
  connection: {
    transport: 'stdio',
    command: 'files',
    args: [],
    cwd: null,
    env: { TOKEN: { value: 'sk-very-secret' } },
    replicas: 1,
  },
  timeouts: {},
  trusted: false,
  tools: {},
}
const admin: Identity = {
  principal: { id: 'p1', kind: 'user', name: 'ann', memberships: [], external: null, version: 1 },
  tenant: 'default',
  roles: ['admin', 'member'],
  scopes: ['mcp'],
  keyId: null,
  expiresAt: null,
}

/** Servers that offer the given tools, until they go down. */
class PlayedServers implements CatalogSource {
  tools: readonly string[] = ['read']
  down = false
  ttl: number | null = null
  readonly asked: Server[] = []
  readonly forgotten: string[] = []
  /** Runs while a server is being asked. */
  meanwhile: (() => Promise<void>) | null = null

  async discover(server: Server): Promise<Discovery> {
    this.asked.push(server)
    await this.meanwhile?.()
    if (this.down) throw fault('UPSTREAM_UNREACHABLE', { server: server.name, why: 'connection refused' })
    return {
      capabilities: this.tools.map(name => ({
        server: server.id,
        primitive: 'tool',
        name,
        definition: { name },
        digest: digestJson({ name }),
        impliedEffect: null,
      })),
      serverCapabilities: {},
      serverInfo: {},
      instructions: null,
      protocolVersion: '2025-11-25',
      ttl: this.ttl,
      warnings: [],
    }
  }

  async probe(server: Server): Promise<number> {
    if (this.down) throw fault('UPSTREAM_UNREACHABLE', { server: server.name, why: 'connection refused' })
    return 1
  }

  async forget(serverId: string): Promise<void> {
    this.forgotten.push(serverId)
  }
}

async function office() {
  const folder = await mkdtemp(join(tmpdir(), 'castellan-registry-'))
  const stores = await openSqlite({ folder, clock: systemClock })
  const clock = manualClock()
  const journal = new Journal(stores.journal, clock)
  const played = new PlayedServers()
  const vault = localVault(oneKey(new Uint8Array(32).fill(7)))
  const pins = {
    store: stores.pins,
    inspect: async () => ({ findings: [], blind: null }),
    onTrouble: (error: unknown) => {
      throw error
    },
  }
  const problemIn = async (expression: string) => (expression.includes('(') ? 'it is not closed' : null)
  const build = () => new Registry({ store: stores.registry, journal, source: played, vault, clock, pins, problemIn })
  const registry = build()
  await registry.load()
  return {
    registry,
    played,
    clock,
    vault,
    /** The registry as another process start would find it. */
    async restarted() {
      const again = build()
      await again.load()
      return again
    },
    /** Makes a stored secret unreadable, as another master key would. */
    async spoil(name: string) {
      const sealed = await registry.secret('default', name)
      await stores.registry.saveSecret({ ...sealed!, ciphertext: new Uint8Array(32) }, [])
    },
    topics: async () => (await stores.journal.read(0, 100)).map(entry => entry.type),
    journalText: async () => JSON.stringify(await stores.journal.read(0, 100)),
    async [Symbol.asyncDispose]() {
      await stores.close()
      await rm(folder, { recursive: true })
    },
  }
}

describe('adding a server', () => {
  test('asks it first, and then lists its tools to whom they are granted', async () => {
    await using o = await office()
    await o.registry.addServer(spec, actor)
    assert.deepEqual(o.registry.offers(admin).list.tool, [])
    await o.registry.grants.add(
      { to: { role: 'admin' }, server: '*', primitive: 'tool', name: '*', asTool: false },
      actor,
    )
    assert.deepEqual(
      o.registry.offers(admin).list.tool.map(each => each.exposed),
      ['files__read'],
    )
    assert.deepEqual(await o.topics(), ['server.created', 'server.discovered', 'server.pin_first_use', 'grant.created'])
  })

  test('that does not answer is refused and leaves nothing', async () => {
    await using o = await office()
    o.played.down = true
    await assert.rejects(o.registry.addServer(spec, actor), { code: 'UPSTREAM_UNHEALTHY' })
    assert.deepEqual(o.registry.servers(), [])
    assert.deepEqual(await o.topics(), [])
    assert.equal(o.played.forgotten.length, 1)
  })

  test('that does not answer is possible when asked for', async () => {
    await using o = await office()
    o.played.down = true
    const server = await o.registry.addServer(spec, actor, { allowUnhealthy: true })
    assert.equal(o.registry.health(server.id).status, 'error')
  })

  test('under a name that is taken is refused, also when both come at once', async () => {
    await using o = await office()
    const both = await Promise.allSettled([o.registry.addServer(spec, actor), o.registry.addServer(spec, actor)])
    assert.deepEqual(both.map(each => each.status).toSorted(), ['fulfilled', 'rejected'])
    await assert.rejects(o.registry.addServer(spec, actor), { code: 'NAME_TAKEN' })
    assert.equal(o.registry.servers().length, 1)
  })

  test('of the same name is possible in another tenant, which sees nothing of the first', async () => {
    await using o = await office()
    const first = await o.registry.addServer(spec, actor)
    await o.registry.addServer(spec, stranger)
    assert.equal(o.registry.servers('other').length, 1)
    assert.throws(() => o.registry.server('other', first.id), { code: 'NOT_FOUND' })
  })

  test('seals its secrets: they are in no journal line and readable under its own name only', async () => {
    await using o = await office()
    const server = await o.registry.addServer(spec, actor)
    assert.deepEqual('env' in server.connection && server.connection.env, {
      TOKEN: { secret: `${server.id}/env/TOKEN` },
    })
    const sealed = await o.registry.secret('default', `${server.id}/env/TOKEN`)
    assert.equal(sealed && o.vault.open(sealed), 'sk-very-secret')
    assert.equal(await o.registry.secret('other', `${server.id}/env/TOKEN`), undefined)
    assert.doesNotMatch(await o.journalText(), /sk-very-secret/)
  })

  test('can use its new secrets while it is being tried', async () => {
    await using o = await office()
    let opened = ''
    o.played.meanwhile = async () => {
      const { id } = o.played.asked[0]!
      const sealed = await o.registry.secret('default', `${id}/env/TOKEN`)
      opened = sealed ? o.vault.open(sealed) : ''
    }
    await o.registry.addServer(spec, actor)
    assert.equal(opened, 'sk-very-secret')
  })

  for (const [what, change] of [
    ['a bad name', { name: 'Bad Name' }],
    ['an empty command', { connection: { ...spec.connection, command: ' ' } }],
    ['a URL that is none', { connection: { transport: 'sse', endpoints: ['nowhere'], headers: {} } }],
    ['a URL of another scheme', { connection: { transport: 'websocket', endpoints: ['http://a'], headers: {} } }],
    ['a URL with credentials', { connection: { transport: 'sse', endpoints: ['http://u:p@a'], headers: {} } }],
    ['no endpoint', { connection: { transport: 'http-adapter', endpoints: [], headers: {} } }],
    ['an endpoint twice', { connection: { transport: 'sse', endpoints: ['http://a', 'http://a'], headers: {} } }],
    [
      'a document that is no URL',
      { connection: { transport: 'openapi', document: 'x.json', endpoints: [], headers: {} } },
    ],
  ] as const) {
    test(`with ${what} is a clear error`, async () => {
      await using o = await office()
      await assert.rejects(o.registry.addServer({ ...spec, ...change } as ServerSpec, actor), {
        code: 'REQUEST_INVALID',
      })
      assert.equal(o.played.asked.length, 0)
    })
  }
})

describe('changing a server', () => {
  test('keeps the secrets that are not given again', async () => {
    await using o = await office()
    const before = await o.registry.addServer(spec, actor)
    const env = 'env' in before.connection ? before.connection.env : {}
    const changed = { ...spec, description: 'New', connection: { ...spec.connection, env } } as ServerSpec
    const after = await o.registry.updateServer('files', changed, actor)
    const sealed = await o.registry.secret('default', `${after.id}/env/TOKEN`)
    assert.deepEqual([after.version, after.description, sealed && o.vault.open(sealed)], [2, 'New', 'sk-very-secret'])
  })

  test('cannot change its transport', async () => {
    await using o = await office()
    await o.registry.addServer(spec, actor)
    const other = { ...spec, connection: { transport: 'sse', endpoints: ['http://a'], headers: {} } } as const
    await assert.rejects(o.registry.updateServer('files', other, actor), { code: 'TRANSPORT_IMMUTABLE' })
  })

  test('leaves the old one in place when the new one does not answer', async () => {
    await using o = await office()
    await o.registry.addServer(spec, actor)
    o.played.down = true
    await assert.rejects(o.registry.updateServer('files', { ...spec, description: 'New' }, actor), {
      code: 'UPSTREAM_UNHEALTHY',
    })
    assert.equal(o.registry.server('default', 'files').description, 'Files')
  })
})

describe('what a change would change', () => {
  test('is nothing when the same is said again, secrets included, and names the settings otherwise', async () => {
    await using o = await office()
    await o.registry.addServer(spec, actor)
    const env = { TOKEN: { value: 'another-secret' } }
    const other = { ...spec, trusted: true, connection: { ...spec.connection, env } } as ServerSpec
    assert.deepEqual(await o.registry.differences('files', spec, 'default'), [])
    assert.deepEqual(await o.registry.differences('files', other, 'default'), ['env', 'trusted'])
  })

  test('includes a secret that can no longer be read', async () => {
    await using o = await office()
    const server = await o.registry.addServer(spec, actor)
    await o.spoil(`${server.id}/env/TOKEN`)
    assert.deepEqual(await o.registry.differences('files', spec, 'default'), ['env'])
  })
})

describe('removing a server', () => {
  test('takes its tools and secrets with it, also when it is being asked just then', async () => {
    await using o = await office()
    const server = await o.registry.addServer(spec, actor)
    await o.registry.grants.add(
      { to: { role: 'admin' }, server: '*', primitive: 'tool', name: '*', asTool: false },
      actor,
    )
    o.played.meanwhile = () => o.registry.removeServer('files', actor)
    await o.registry.rediscover(server, actor).catch(() => undefined)
    assert.deepEqual(o.registry.offers(admin).list.tool, [])
    assert.equal(await o.registry.secret('default', `${server.id}/env/TOKEN`), undefined)
    assert.deepEqual((await o.restarted()).servers(), [])
  })

  test('of another tenant is not possible', async () => {
    await using o = await office()
    const server = await o.registry.addServer(spec, actor)
    await assert.rejects(o.registry.removeServer(server.id, stranger), { code: 'NOT_FOUND' })
  })
})

describe('the catalogue', () => {
  test('is there at once after a restart, before any server is up', async () => {
    await using o = await office()
    await o.registry.addServer(spec, actor)
    await o.registry.grants.add(
      { to: { role: 'admin' }, server: 'files', primitive: 'tool', name: '*', asTool: false },
      actor,
    )
    o.played.down = true
    const asked = o.played.asked.length
    const again = await o.restarted()
    assert.deepEqual(
      again.offers(admin).list.tool.map(each => each.exposed),
      ['files__read'],
    )
    assert.equal(o.played.asked.length, asked)
  })

  test('tells listeners of the tenant what changed, and that its server says so when nothing did', async () => {
    await using o = await office()
    const server = await o.registry.addServer(spec, actor)
    const told: [string, CatalogChange][] = []
    o.registry.onCatalogChanged((tenant, change) => told.push([tenant, change]))
    await o.registry.listChanged(server.id, 'tools')
    o.played.tools = ['read', 'write']
    await o.registry.listChanged(server.id, 'tools')
    assert.deepEqual(
      told.map(([tenant, { tools, prompts, facts }]) => [tenant, tools, prompts, facts]),
      [
        ['default', true, false, {}],
        ['default', true, false, { added: 1, changed: 0, removed: 0 }],
      ],
    )
  })

  test('is found by words as it is now, by whom it is granted to', async () => {
    await using o = await office()
    const server = await o.registry.addServer(spec, actor)
    const found = async () => (await o.registry.search(admin, { words: 'reading', limit: 5 })).map(({ offer }) => offer.exposed) // prettier-ignore
    assert.deepEqual(await found(), [])
    const to = { role: 'admin' } as const
    await o.registry.grants.add({ to, server: '*', primitive: 'tool', name: '*', asTool: false }, actor)
    assert.deepEqual(await found(), ['files__read'])
    o.played.tools = ['read_all', 'write']
    await o.registry.listChanged(server.id, 'tools')
    assert.deepEqual(await found(), ['files__read_all'])
  })

  test('stays as it was when its server cannot be asked', async () => {
    await using o = await office()
    const server = await o.registry.addServer(spec, actor)
    o.played.down = true
    await o.registry.listChanged(server.id, 'tools')
    assert.equal(o.registry.catalog(server.id)?.capabilities.length, 1)
  })

  test('is asked for again when it is older than its server allowed, and not before', async () => {
    await using o = await office()
    o.played.ttl = 60_000
    const server = await o.registry.addServer(spec, actor)
    const asked = o.played.asked.length
    await o.registry.refreshStale(server)
    assert.equal(o.played.asked.length, asked)
    o.clock.advance(60_000)
    await o.registry.refreshStale(server)
    assert.equal(o.played.asked.length, asked + 1)
  })

  test('is asked for again after a while when the server says nothing about it, or that it lasts for ever', async () => {
    for (const ttl of [null, 0, Number.MAX_SAFE_INTEGER]) {
      await using o = await office()
      o.played.ttl = ttl
      const server = await o.registry.addServer(spec, actor)
      const asked = o.played.asked.length
      o.clock.advance(60_000)
      await o.registry.refreshStale(server)
      assert.equal(o.played.asked.length, asked)
      o.clock.advance(600_000)
      await o.registry.refreshStale(server)
      assert.equal(o.played.asked.length, asked + 1)
    }
  })

  test('is asked for whenever a connection was opened, except by whoever is asking for it', async () => {
    await using o = await office()
    o.played.meanwhile = () => o.registry.refresh('any')
    const server = await o.registry.addServer(spec, actor)
    const asked = o.played.asked.length
    o.played.meanwhile = async () => void o.registry.refresh(server.id)
    await o.registry.refresh(server.id)
    assert.equal(o.played.asked.length, asked + 1)
    await o.registry.updateServer('files', { ...spec, trusted: true }, actor)
    assert.equal(o.played.asked.length, asked + 2)
  })

  test('is asked for once by many who ask at the same time', async () => {
    await using o = await office()
    const server = await o.registry.addServer(spec, actor)
    const asked = o.played.asked.length
    await Promise.all([o.registry.rediscover(server, actor), o.registry.rediscover(server, actor)])
    assert.equal(o.played.asked.length, asked + 1)
  })
})

describe('health', () => {
  test('goes from active to error to inactive and back, and the journal has each change once', async () => {
    await using o = await office()
    const server = await o.registry.addServer(spec, actor)
    o.played.down = true
    const statuses = []
    for (let probe = 0; probe < 4; probe++) statuses.push((await o.registry.checkHealth(server, actor)).status)
    o.played.down = false
    statuses.push((await o.registry.checkHealth(server, actor)).status)
    assert.deepEqual(statuses, ['error', 'error', 'inactive', 'inactive', 'active'])
    assert.equal((await o.topics()).filter(topic => topic === 'server.health_changed').length, 3)
  })

  test('of one server says nothing of the tools of others', async () => {
    await using o = await office()
    const server = await o.registry.addServer(spec, actor)
    await o.registry.addServer({ ...spec, name: 'notes' }, actor)
    await o.registry.grants.add(
      { to: { role: 'admin' }, server: '*', primitive: 'tool', name: '*', asTool: false },
      actor,
    )
    o.played.down = true
    await o.registry.checkHealth(server, actor)
    assert.equal(o.registry.offers(admin).list.tool.length, 2)
  })
})

describe('groups', () => {
  test('are made, changed and removed by name, and unknown to other tenants', async () => {
    await using o = await office()
    const made = await o.registry.groups.put({ name: 'office', description: '', members: [] }, actor)
    const changed = await o.registry.groups.put({ name: 'office', description: 'new', members: [] }, actor)
    assert.deepEqual([changed.id, changed.version], [made.id, 2])
    assert.throws(() => o.registry.groups.get('other', made.id), { code: 'NOT_FOUND' })
    await o.registry.groups.remove('office', actor)
    assert.deepEqual(o.registry.groups.list('default'), [])
    assert.deepEqual((await o.restarted()).groups.list('default'), [])
  })
})
