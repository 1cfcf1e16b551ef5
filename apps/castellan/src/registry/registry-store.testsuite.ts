import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { digestJson, newId } from '../kernel/index.ts'
import type { Entry, JournalStore } from '../journal/index.ts'
import { aLine, linesBeside } from '../journal/fixtures/a-line.ts'
import type { Capability, Catalog } from './capability.ts'
import type { Grant, Group } from './grant.ts'
import type { RegistryStore, SealedSecret } from './registry-store.ts'
import { defaultTimeouts, type Server } from './server.ts'

export interface OpenRegistryStore {
  readonly registry: RegistryStore
  readonly journal: JournalStore
  close(): Promise<void>
}

/** What every registry store promises. All tests share one store. */
export function registryStoreSuite(name: string, open: () => Promise<OpenRegistryStore>, skip: string | false): void {
  describe(`${name} is a registry store`, { skip }, () => {
    let opened: OpenRegistryStore
    let store: RegistryStore
    before(async () => {
      opened = await open()
      store = opened.registry
    })
    after(() => opened?.close())

    const anEntry = (stream?: string) => aLine(opened.journal, stream)
    const written = (entry: Entry) => linesBeside(entry, opened.journal)

    test('a server reads back, changes version by version, and is listed by name in its tenant', async () => {
      const tenant = newId()
      const [b, a, upper] = [aServer(tenant, 'b'), aServer(tenant, 'a'), aServer(tenant, 'Z')]
      for (const server of [b, a, upper]) await store.saveServer(server, [], [])
      const changed = { ...b, name: 'é', trusted: true, version: 2 }
      await store.saveServer(changed, [], [])
      assert.deepEqual(await store.servers(tenant), [upper, a, changed])
      assert.deepEqual((await store.servers()).filter(each => each.tenant === tenant), [upper, a, changed]) // prettier-ignore
      await assert.rejects(store.saveServer(changed, [], []), { code: 'VERSION_CONFLICT' })
      await assert.rejects(store.saveServer({ ...a, name: 'other' }, [], []), { code: 'VERSION_CONFLICT' })
      await assert.rejects(store.saveServer(aServer(tenant, 'new', { version: 2 }), [], []), {
        code: 'VERSION_CONFLICT',
      })
    })

    test('a name is unique in its tenant, for the new and the renamed', async () => {
      const tenant = newId()
      const [first, second] = [aServer(tenant, 'one'), aServer(tenant, 'two')]
      await store.saveServer(first, [], [])
      await store.saveServer(second, [], [])
      await store.saveServer(aServer(newId(), 'one'), [], [])
      const taken = { code: 'NAME_TAKEN', details: { what: 'server', name: 'one' } }
      await assert.rejects(store.saveServer(aServer(tenant, 'one'), [], []), taken)
      await assert.rejects(store.saveServer({ ...second, name: 'one', version: 2 }, [], []), taken)
    })

    test("another tenant's server cannot be changed or removed by its id", async () => {
      const [mine, theirs] = [newId(), newId()]
      const server = aServer(mine, 'one')
      await store.saveServer(server, [], [])
      const stolen = { ...server, tenant: theirs, version: 2 }
      await assert.rejects(store.saveServer(stolen, [], []), { code: 'VERSION_CONFLICT' })
      const entry = anEntry()
      await store.removeServer(theirs, server.id, [entry])
      assert.deepEqual(await store.servers(mine), [server])
      assert.equal(await written(entry), 0)
    })

    test('a server, its secrets and its entries are kept together or not at all', async () => {
      const tenant = newId()
      const server = aServer(tenant, 'one')
      const entry = anEntry()
      await store.saveServer(server, [aSecret(tenant, `${server.id}/token`)], [entry])
      assert.equal(await written(entry), 1)
      assert.ok(await store.secret(tenant, `${server.id}/token`))
      const twin = aServer(tenant, 'one')
      const refused = anEntry()
      await assert.rejects(store.saveServer(twin, [aSecret(tenant, `${twin.id}/token`)], [refused]))
      assert.equal(await written(refused), 0)
      assert.equal(await store.secret(tenant, `${twin.id}/token`), undefined)
    })

    test('removing a server takes its catalogue and its own secrets with it, and nothing else', async () => {
      const tenant = newId()
      const [gone, stays] = [aServer(tenant, 'gone'), aServer(tenant, 'stays')]
      for (const server of [gone, stays]) {
        await store.saveServer(server, [aSecret(tenant, `${server.id}/token`)], [])
        await store.saveCatalog(tenant, aCatalog(server, 1), [])
      }
      await store.saveSecret(aSecret(tenant, gone.id), [])
      const entry = anEntry()
      await store.removeServer(tenant, gone.id, [entry])
      assert.deepEqual(await store.servers(tenant), [stays])
      assert.deepEqual((await store.catalogs(tenant)).map(each => each.server), [stays.id]) // prettier-ignore
      assert.equal(await store.secret(tenant, `${gone.id}/token`), undefined)
      assert.ok(await store.secret(tenant, `${stays.id}/token`))
      assert.ok(await store.secret(tenant, gone.id))
      assert.equal(await written(entry), 1)
    })

    test('how a server was found is kept, and goes with it', async () => {
      const server = aServer(newId(), 'one')
      await store.saveServer(server, [], [])
      const well = { status: 'active', failures: 0, checkedAt: server.createdAt, latency: 1.5, reason: null } as const
      const entry = anEntry()
      await store.saveHealth(server.id, well, [entry])
      assert.equal(await written(entry), 1)
      const ill = { ...well, status: 'error', failures: 1, latency: null, reason: 'it was away' } as const
      await store.saveHealth(server.id, ill, [])
      assert.deepEqual((await store.healths()).get(server.id), ill)
      await store.removeServer(server.tenant, server.id, [])
      assert.equal((await store.healths()).has(server.id), false)
      await assert.rejects(store.saveHealth(server.id, well, []), { code: 'NOT_FOUND' })
    })

    test('removing what is gone changes nothing and says nothing', async () => {
      const tenant = newId()
      const entry = anEntry()
      await store.removeServer(tenant, newId(), [entry])
      await store.removeGrant(tenant, newId(), [entry])
      await store.removeGroup(tenant, newId(), [entry])
      assert.equal(await written(entry), 0)
    })

    test('a catalogue of thousands of definitions reads back exactly, and is replaced as a whole', async () => {
      const tenant = newId()
      const server = aServer(tenant, 'big')
      await store.saveServer(server, [], [])
      const catalog = aCatalog(server, 3_000)
      await store.saveCatalog(tenant, catalog, [anEntry()])
      assert.deepEqual(await store.catalogs(tenant), [catalog])
      const smaller = aCatalog(server, 2)
      await store.saveCatalog(tenant, smaller, [anEntry()])
      assert.deepEqual(await store.catalogs(tenant), [smaller])
      assert.deepEqual((await store.catalogs()).filter(each => each.server === server.id), [smaller]) // prettier-ignore
    })

    test('the catalogue of a server that was removed meanwhile does not bring it back', async () => {
      const entry = anEntry()
      const removed = aServer(newId(), 'gone')
      await assert.rejects(store.saveCatalog(removed.tenant, aCatalog(removed, 1), [entry]), { code: 'NOT_FOUND' })
      assert.deepEqual(await store.catalogs(removed.tenant), [])
      assert.equal(await written(entry), 0)
    })

    test('grants are saved, changed and removed', async () => {
      const tenant = newId()
      const grant: Grant = {
        id: newId(),
        tenant,
        to: { role: 'member' },
        server: '*',
        primitive: 'tool',
        name: 'get_*',
        asTool: false,
        version: 1,
      }
      await store.saveGrant(grant, [])
      const changed: Grant = { ...grant, to: { principal: newId() }, version: 2 }
      await store.saveGrant(changed, [])
      assert.deepEqual(await store.grants(tenant), [changed])
      assert.deepEqual(await store.grants(newId()), [])
      assert.ok((await store.grants()).some(({ id }) => id === grant.id))
      await assert.rejects(store.saveGrant(changed, []), { code: 'VERSION_CONFLICT' })
      await store.removeGrant(newId(), grant.id, [])
      assert.equal((await store.grants(tenant)).length, 1)
      await store.removeGrant(tenant, grant.id, [anEntry()])
      assert.deepEqual(await store.grants(tenant), [])
    })

    test('groups are saved, changed and removed, with names unique in their tenant', async () => {
      const tenant = newId()
      const group = (groupName: string): Group => ({
        id: newId(),
        tenant,
        name: groupName,
        description: '',
        version: 1,
        members: [{ server: 'files', names: ['read_*'] }],
      })
      const [b, a] = [group('b'), group('a')]
      await store.saveGroup(b, [])
      await store.saveGroup(a, [])
      assert.deepEqual(await store.groups(tenant), [a, b])
      await assert.rejects(store.saveGroup(group('a'), []), { code: 'NAME_TAKEN' })
      await assert.rejects(store.saveGroup({ ...a, version: 3 }, []), { code: 'VERSION_CONFLICT' })
      await store.removeGroup(tenant, a.id, [anEntry()])
      assert.deepEqual(await store.groups(tenant), [b])
      assert.ok((await store.groups()).some(({ id }) => id === b.id))
    })

    test('a secret is kept byte for byte in its tenant, and replaced by the next of its name', async () => {
      const tenant = newId()
      const [old, next] = [aSecret(tenant, 'db'), aSecret(tenant, 'db')]
      await store.saveSecret(old, [])
      assert.deepEqual(await store.secret(tenant, 'db'), old)
      await store.saveSecret(next, [])
      assert.deepEqual(await store.secret(tenant, 'db'), next)
      assert.equal(await store.secret(newId(), 'db'), undefined)
      const enveloped = { ...aSecret(tenant, 'db'), wrapped: crypto.getRandomValues(new Uint8Array(60)) }
      await store.saveSecret(enveloped, [])
      assert.deepEqual(await store.secret(tenant, 'db'), enveloped)
    })

    test('secrets under other keys are found page by page, of whatever tenant, each once', async () => {
      const key = newId()
      const others = [newId(), newId()].toSorted()
      const made = others.flatMap(tenant => ['a', 'b/c', 'b'].map(name => aSecret(tenant, name)))
      for (const secret of made) await store.saveSecret(secret, [])
      await store.saveSecret({ ...aSecret(others[0]!, 'mine'), keyId: key }, [])
      const found: SealedSecret[] = []
      for (;;) {
        const page = await store.secretsNotUnder(key, found.at(-1) ?? null, 2)
        if (page.length === 0) break
        found.push(...page)
      }
      const ours = found.filter(({ tenant }) => others.includes(tenant))
      assert.deepEqual(
        ours.map(({ tenant, name }) => [tenant, name]),
        others.flatMap(tenant => ['a', 'b', 'b/c'].map(name => [tenant, name])),
      )
      assert.deepEqual(ours.find(({ name }) => name === 'a'), made[0]) // prettier-ignore
    })

    test('a secret is replaced only as it was read', async () => {
      const tenant = newId()
      const [stays, set, gone] = ['stays', 'set', 'gone'].map(name => aSecret(tenant, name)) as [SealedSecret, SealedSecret, SealedSecret] // prettier-ignore
      for (const secret of [stays, set]) await store.saveSecret(secret, [])
      const newer = aSecret(tenant, 'set')
      await store.saveSecret(newer, [])
      const changes = [stays, set, gone].map(before => ({ before, after: { ...before, keyId: 'k2' } }))
      const entry = anEntry()
      await store.replaceSecrets(changes, [entry])
      assert.equal(await written(entry), 1)
      assert.deepEqual(await store.secret(tenant, 'stays'), { ...stays, keyId: 'k2' })
      assert.deepEqual(await store.secret(tenant, 'set'), newer)
      assert.equal(await store.secret(tenant, 'gone'), undefined)
    })
  })
}

function aServer(tenant: string, name: string, more: Partial<Server> = {}): Server {
  return {
    id: newId(),
    tenant,
    name,
    description: '',
    timeouts: defaultTimeouts,
    trusted: false,
    tools: {},
    connection: { transport: 'stdio', command: 'x', args: [], cwd: null, env: {}, replicas: 1 },
    maxConcurrent: 8,
    probeEvery: 30_000,
    maxAttempts: 3,
    version: 1,
    createdAt: '2026-01-01T00:00:00.000Z',
    updatedAt: '2026-01-01T00:00:00.000Z',
    ...more,
  }
}

function aSecret(tenant: string, name: string): SealedSecret {
  const random = () => crypto.getRandomValues(new Uint8Array(40))
  return { tenant, name, keyId: 'k1', wrapped: null, nonce: random().slice(0, 12), ciphertext: random() }
}

function aCatalog(server: Server, tools: number): Catalog {
  const capabilities = Array.from({ length: tools }, (_, n): Capability => {
    const definition = { name: `tool_${n}`, _meta: { odd: [n, null, 'Ü\0'] }, inputSchema: { type: 'object' } }
    return {
      server: server.id,
      primitive: 'tool',
      name: definition.name,
      impliedEffect: null,
      definition,
      digest: digestJson(definition),
    }
  })
  return {
    server: server.id,
    capabilities,
    serverCapabilities: { tools: {} },
    serverInfo: { name: 's' },
    instructions: null,
    protocolVersion: '2025-11-25',
    ttl: null,
    warnings: [],
    discoveredAt: '2026-01-01T00:00:00.000Z',
  }
}
