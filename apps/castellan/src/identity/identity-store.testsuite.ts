import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { newId } from '../kernel/index.ts'
import type { Entry, JournalStore } from '../journal/index.ts'
import { aLine, linesBeside } from '../journal/fixtures/a-line.ts'
import type { IdentityStore } from './identity-store.ts'
import type { Key, Principal, Tenant } from './principal.ts'

export interface OpenIdentityStore {
  readonly identity: IdentityStore
  readonly journal: JournalStore
  close(): Promise<void>
}

/** What every identity store promises. All tests share one store. */
export function identityStoreSuite(name: string, open: () => Promise<OpenIdentityStore>, skip: string | false): void {
  describe(`${name} is an identity store`, { skip }, () => {
    let opened: OpenIdentityStore
    let store: IdentityStore
    before(async () => {
      opened = await open()
      store = opened.identity
    })
    after(() => opened?.close())

    const aTenant = (): Tenant => ({ id: `t-${newId()}`, description: 'd', suspended: false, version: 1 })
    const aPrincipal = (tenant: string, more: Partial<Principal> = {}): Principal => ({
      id: newId(),
      kind: 'user',
      name: `n-${newId()}`,
      memberships: [{ tenant, roles: ['admin', 'member'] }],
      external: null,
      version: 1,
      ...more,
    })
    const anEntry = (stream?: string) => aLine(opened.journal, stream)
    const written = (entry: Entry) => linesBeside(entry, opened.journal)

    test('a tenant reads back, changes version by version, and its id is taken once', async () => {
      const tenant = aTenant()
      await store.saveTenant(tenant, [])
      const next = { ...tenant, suspended: true, version: 2 }
      await store.saveTenant(next, [])
      assert.deepEqual(await store.tenant(tenant.id), next)
      assert.deepEqual((await store.tenants()).find(({ id }) => id === tenant.id), next) // prettier-ignore
      await assert.rejects(store.saveTenant(next, []), { code: 'VERSION_CONFLICT' })
      await assert.rejects(store.saveTenant({ ...tenant, version: 4 }, []), { code: 'VERSION_CONFLICT' })
      await assert.rejects(store.saveTenant(tenant, []), { code: 'NAME_TAKEN' })
      assert.equal(await store.tenant('nobody'), undefined)
    })

    test('a change and its entries are kept together or not at all', async () => {
      const [tenant, entry] = [aTenant(), anEntry()]
      await store.saveTenant(tenant, [entry])
      assert.equal(await written(entry), 1)
      const refused = anEntry()
      await assert.rejects(store.saveTenant({ ...tenant, version: 3 }, [refused]), { code: 'VERSION_CONFLICT' })
      assert.equal(await written(refused), 0)
      const other = aTenant()
      await assert.rejects(store.saveTenant(other, [anEntry(entry.stream)]), { code: 'STREAM_CONFLICT' })
      assert.equal(await store.tenant(other.id), undefined)
    })

    test('the very same change with the very same entries may be repeated by a writer in doubt', async () => {
      const [tenant, entry] = [aTenant(), anEntry()]
      await store.saveTenant(tenant, [entry])
      await store.saveTenant(tenant, [entry])
      assert.equal(await written(entry), 1)
    })

    test('of many who save the same version exactly one succeeds', async () => {
      const tenant = aTenant()
      await store.saveTenant(tenant, [])
      const attempts = await Promise.allSettled(
        Array.from({ length: 20 }, (_, n) =>
          store.saveTenant({ ...tenant, description: `${n}`, version: 2 }, [anEntry()]),
        ),
      )
      assert.equal(attempts.filter(({ status }) => status === 'fulfilled').length, 1)
      for (const each of attempts) {
        if (each.status === 'rejected') assert.equal((each.reason as { code: string }).code, 'VERSION_CONFLICT')
      }
    })

    test('a principal is found by id, by each of its tenants and by its external identity', async () => {
      const [home, other] = [newId(), newId()]
      const external = { issuer: 'https://id.example', subject: newId() }
      const memberships = [home, other].map(tenant => ({ tenant, roles: ['member'] as const }))
      const principal = aPrincipal(home, { memberships, external })
      await store.savePrincipal(principal, [])
      assert.deepEqual(await store.principal(principal.id), principal)
      assert.deepEqual(await store.principals(home), [principal])
      assert.deepEqual(await store.principals(other), [principal])
      assert.deepEqual(await store.principalByExternal(external.issuer, external.subject), principal)
      assert.equal(await store.principalByExternal('https://evil.example', external.subject), undefined)

      const moved = { ...principal, memberships: memberships.slice(0, 1), external: null, version: 2 }
      await store.savePrincipal(moved, [])
      assert.deepEqual(await store.principals(other), [])
      assert.deepEqual(await store.principals(home), [moved])
      assert.equal(await store.principalByExternal(external.issuer, external.subject), undefined)
    })

    test('a name is unique in the home tenant, an external identity everywhere', async () => {
      const home = newId()
      const external = { issuer: 'https://id.example', subject: newId() }
      const first = aPrincipal(home, { external })
      const second = aPrincipal(home)
      await store.savePrincipal(first, [])
      await store.savePrincipal(second, [])
      await store.savePrincipal(aPrincipal(newId(), { name: first.name }), [])
      const taken = { code: 'NAME_TAKEN' }
      await assert.rejects(store.savePrincipal(aPrincipal(home, { name: first.name }), []), taken)
      await assert.rejects(store.savePrincipal({ ...second, name: first.name, version: 2 }, []), taken)
      await assert.rejects(store.savePrincipal(aPrincipal(newId(), { external }), []), taken)
      await assert.rejects(store.savePrincipal({ ...first, name: newId(), external: null }, []), {
        code: 'VERSION_CONFLICT',
      })
      assert.deepEqual((await store.principals(home)).length, 2)
    })

    test('a key reads back and can be revoked, and nothing else of it changes', async () => {
      const [tenant, createdAt] = [newId(), '2026-01-01T00:00:00.000Z']
      const key: Key = {
        id: newId(),
        tenant,
        principal: newId(),
        name: 'laptop',
        hash: 'ab'.repeat(32),
        scopes: ['mcp', 'read'],
        expiresAt: null,
        revokedAt: null,
        createdAt,
      }
      await store.saveKey(key, [])
      assert.deepEqual(await store.key(key.id), key)
      const revoked = { ...key, revokedAt: '2026-02-01T00:00:00.000Z' }
      await store.saveKey({ ...revoked, scopes: ['admin'], hash: 'cd'.repeat(32) }, [])
      assert.deepEqual(await store.keys(tenant), [revoked])
      assert.deepEqual(await store.keys(newId()), [])
      assert.equal(await store.key(newId()), undefined)
    })

    test('an edition, where there is one, is none while something changes and another one afterwards', async () => {
      if (store.edition() === null) return
      const home = newId()
      const [tenant, principal] = [aTenant(), aPrincipal(home)]
      const key: Key = {
        id: newId(),
        tenant: home,
        principal: principal.id,
        name: 'laptop',
        hash: 'ab'.repeat(32),
        scopes: ['mcp'],
        expiresAt: null,
        revokedAt: null,
        createdAt: '2026-01-01T00:00:00.000Z',
      }
      const seen = new Set([store.edition()])
      const changes = [
        () => store.saveTenant(tenant, [anEntry()]),
        () => store.saveTenant({ ...tenant, suspended: true, version: 2 }, [anEntry()]),
        () => store.savePrincipal(principal, [anEntry()]),
        () => store.savePrincipal({ ...principal, memberships: [], version: 2 }, [anEntry()]),
        () => store.saveKey(key, [anEntry()]),
        () => store.saveKey({ ...key, revokedAt: key.createdAt }, [anEntry()]),
        () => assert.rejects(store.saveTenant({ ...tenant, version: 7 }, [anEntry()])),
      ]
      for (const change of changes) {
        const changing = change()
        assert.equal(store.edition(), null)
        await changing
        seen.add(store.edition())
      }
      assert.equal(seen.size, changes.length + 1)
      await store.key(key.id)
      assert.ok(seen.has(store.edition()))
    })
  })
}
