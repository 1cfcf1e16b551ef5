import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { FaultCode } from '../kernel/index.ts'
import { bootstrap } from './bootstrap.ts'
import { actingIn, office } from './fixtures/office.ts'

const everything = ['mcp', 'read', 'write', 'admin'] as const

/** Two tenants, with ada at home in the first. */
async function twoTenants() {
  const parts = office()
  const { tenants, principals } = parts.directory
  await tenants.create({ id: 'acme' }, actingIn('default'))
  await tenants.create({ id: 'globex' }, actingIn('default'))
  const ada = await principals.create({ kind: 'user', name: 'Ada', roles: ['admin'] }, actingIn('acme'))
  return { ...parts, ada }
}

function refuses(promise: Promise<unknown>, code: FaultCode, message?: RegExp) {
  return assert.rejects(promise, (error: Error & { code?: string }) => {
    assert.equal(error.code, code)
    if (message) assert.match(error.message, message)
    return true
  })
}

describe('tenants', () => {
  test('each change is one journal line in the tenant it is about', async () => {
    const { directory, store } = office()
    await directory.tenants.create({ id: 'acme', description: 'Anvils' }, actingIn('default'))
    await directory.tenants.describe('acme', 'Rockets', actingIn('default'))
    await directory.tenants.suspend('acme', actingIn('default'))
    await directory.tenants.suspend('acme', actingIn('default'))
    const resumed = await directory.tenants.resume('acme', actingIn('default'))

    assert.deepEqual(resumed, { id: 'acme', description: 'Rockets', suspended: false, version: 4 })
    assert.deepEqual(
      store.entries.map(({ tenant, stream, seq, type }) => [tenant, stream, seq, type]),
      [
        ['acme', 'tenant:acme', 0, 'tenant.created'],
        ['acme', 'tenant:acme', 1, 'tenant.updated'],
        ['acme', 'tenant:acme', 2, 'tenant.suspended'],
        ['acme', 'tenant:acme', 3, 'tenant.resumed'],
      ],
    )
  })

  test('a tenant name is a DNS label', async () => {
    const { directory } = office()
    for (const id of ['', 'Acme', 'a b', '-a', 'a-', 'a/b', '../x', 'ä', 'a'.repeat(64), '__proto__', 'a\n']) {
      await refuses(directory.tenants.create({ id }, actingIn('default')), 'REQUEST_INVALID', /lower-case letters/)
    }
    await directory.tenants.create({ id: 'a'.repeat(63) }, actingIn('default'))
  })

  test('a name is taken once, and what does not exist is not found', async () => {
    const { directory } = await twoTenants()
    await refuses(directory.tenants.create({ id: 'acme' }, actingIn('default')), 'NAME_TAKEN')
    for (const id of ['nowhere', '', '\0', '__proto__']) {
      await refuses(directory.tenants.suspend(id, actingIn('default')), 'NOT_FOUND')
      await refuses(directory.principals.get('acme', id), 'NOT_FOUND')
      await refuses(directory.keys.revoke(id, actingIn('acme')), 'NOT_FOUND')
    }
  })

  test('the default tenant cannot be suspended, since nobody could resume it', async () => {
    const { directory } = office()
    await directory.tenants.create({ id: 'default' }, actingIn('default'))
    await refuses(directory.tenants.suspend('default', actingIn('default')), 'REQUEST_INVALID')
  })
})

describe('principals', () => {
  test('hostile names are refused, and names of people everywhere are not', async () => {
    const { directory } = await twoTenants()
    const create = (name: string) => directory.principals.create({ kind: 'user', name, roles: [] }, actingIn('acme'))
    for (const name of ['', ' Ada', 'Ada ', 'a\nb', 'a\u202eb', 'a'.repeat(65), '<script>', '\ud800', '@x', 'a/b']) {
      await refuses(create(name), 'REQUEST_INVALID', /principal name/)
    }
    for (const name of ['Ада Лавлейс', '小林', 'ci-bot.7', 'ada@example.com'])
      assert.equal((await create(name)).name, name)
  })

  test('two spellings of one name are one name', async () => {
    const { directory } = await twoTenants()
    await directory.principals.create({ kind: 'user', name: 'Zoë', roles: [] }, actingIn('acme'))
    const again = directory.principals.create({ kind: 'user', name: 'Zoe\u0308', roles: [] }, actingIn('acme'))
    await refuses(again, 'NAME_TAKEN')
  })

  test('a principal of another tenant is not found, whatever is asked of it', async () => {
    const { directory, ada } = await twoTenants()
    const globex = actingIn('globex')
    await refuses(directory.principals.get('globex', ada.id), 'NOT_FOUND')
    await refuses(directory.principals.rename(ada.id, 'Eve', globex), 'NOT_FOUND')
    await refuses(directory.principals.setRoles(ada.id, ['admin'], globex), 'NOT_FOUND')
    await refuses(directory.keys.create({ principal: ada.id, name: 'k', scopes: everything }, globex), 'NOT_FOUND')
  })

  test('the administrator of a tenant cannot take over its guests', async () => {
    const { directory, ada } = await twoTenants()
    await directory.principals.invite(ada.id, { tenant: 'globex', roles: ['member'] }, actingIn('default'))
    const globex = actingIn('globex')
    await refuses(directory.keys.create({ principal: ada.id, name: 'k', scopes: everything }, globex), 'FORBIDDEN')
    await refuses(directory.principals.rename(ada.id, 'Eve', globex), 'FORBIDDEN')

    const changed = await directory.principals.setRoles(ada.id, ['operator'], globex)
    assert.deepEqual(changed.memberships, [
      { tenant: 'acme', roles: ['admin'] },
      { tenant: 'globex', roles: ['operator'] },
    ])
    const dismissed = await directory.principals.dismiss(ada.id, globex)
    assert.deepEqual(dismissed.memberships, [{ tenant: 'acme', roles: ['admin'] }])
    await refuses(directory.principals.dismiss(ada.id, actingIn('acme')), 'REQUEST_INVALID')
  })

  test('changes are journaled at home and without gaps, and no change is no line', async () => {
    const { directory, store, ada } = await twoTenants()
    await directory.principals.setRoles(ada.id, ['admin'], actingIn('acme'))
    await directory.principals.rename(ada.id, 'Ada', actingIn('acme'))
    await directory.principals.invite(ada.id, { tenant: 'globex', roles: [] }, actingIn('default'))
    await directory.principals.rename(ada.id, 'Countess', actingIn('acme'))
    const lines = store.entries.filter(each => each.stream === `principal:${ada.id}`)
    assert.deepEqual(
      lines.map(({ tenant, seq, type }) => [tenant, seq, type]),
      [
        ['acme', 0, 'principal.created'],
        ['acme', 1, 'principal.updated'],
        ['acme', 2, 'principal.updated'],
      ],
    )
    assert.equal(lines[2]?.data['name'], 'Countess')
  })

  test('one external identity stands for one principal', async () => {
    const { directory } = await twoTenants()
    const external = { issuer: 'https://issuer.example', subject: 's1' }
    await directory.principals.create({ kind: 'user', name: 'One', roles: [], external }, actingIn('acme'))
    const again = directory.principals.create({ kind: 'user', name: 'Two', roles: [], external }, actingIn('globex'))
    await refuses(again, 'NAME_TAKEN')
  })

  test('the last administrator of the installation stays one', async () => {
    const { directory, store } = office()
    await bootstrap(directory, async () => {})
    const [admin] = await store.principals('default')
    await refuses(directory.principals.setRoles(admin!.id, [], actingIn('default')), 'REQUEST_INVALID', /at least one/)
    await directory.principals.create({ kind: 'user', name: 'Second', roles: ['admin'] }, actingIn('default'))
    await directory.principals.setRoles(admin!.id, [], actingIn('default'))
  })
})

describe('keys', () => {
  test('neither a key nor its hash reaches the journal', async () => {
    const { directory, store, ada } = await twoTenants()
    const minted = await directory.keys.create({ principal: ada.id, name: 'laptop', scopes: ['mcp'] }, actingIn('acme'))
    await directory.keys.revoke(minted.key.id, actingIn('acme'))
    const journal = JSON.stringify(store.entries)
    assert.ok(!journal.includes(minted.plaintext.slice(-43)))
    assert.ok(!journal.includes(minted.key.hash))
    const lines = store.entries.filter(each => each.stream === `key:${minted.key.id}`)
    assert.deepEqual(
      lines.map(({ seq, type, data }) => [seq, type, { ...data }]),
      [
        [0, 'key.created', { principal: ada.id, name: 'laptop', scopes: ['mcp'], expiresAt: null }],
        [1, 'key.revoked', { principal: ada.id, name: 'laptop' }],
      ],
    )
  })

  test('an expiry is a time in the future, kept in UTC', async () => {
    const { directory, ada } = await twoTenants()
    const create = (expiresAt: string) =>
      directory.keys.create({ principal: ada.id, name: 'k', scopes: ['mcp'], expiresAt }, actingIn('acme'))
    for (const wrong of [
      '2025-12-31T00:00:00Z',
      '2026-01-01T00:00:00Z',
      'tomorrow',
      '2027',
      '2027-01-01T00:00:00',
      '2027-13-01T00:00:00Z',
    ]) {
      await refuses(create(wrong), 'REQUEST_INVALID', /expiry/)
    }
    assert.equal((await create('2027-01-01T01:00:00+01:00')).key.expiresAt, '2027-01-01T00:00:00.000Z')
  })

  test('a key without scopes, or for nobody, is refused', async () => {
    const { directory, ada } = await twoTenants()
    await refuses(
      directory.keys.create({ principal: ada.id, name: 'k', scopes: [] }, actingIn('acme')),
      'REQUEST_INVALID',
    )
    await refuses(
      directory.keys.create({ principal: 'nobody', name: 'k', scopes: ['mcp'] }, actingIn('acme')),
      'NOT_FOUND',
    )
  })

  test('revoking twice is revoking once, and keys of another tenant are not found', async () => {
    const { directory, clock, ada } = await twoTenants()
    const { key } = await directory.keys.create({ principal: ada.id, name: 'k', scopes: ['mcp'] }, actingIn('acme'))
    await refuses(directory.keys.revoke(key.id, actingIn('globex')), 'NOT_FOUND')
    const revoked = await directory.keys.revoke(key.id, actingIn('acme'))
    clock.advance(60_000)
    assert.deepEqual(await directory.keys.revoke(key.id, actingIn('acme')), revoked)
  })
})

describe('bootstrap', () => {
  test('the first start makes a tenant, an administrator and one key; later ones make nothing', async () => {
    const { directory, store } = office()
    const handed: string[] = []
    const hand = async (key: string) => void handed.push(key)
    assert.equal(await bootstrap(directory, hand), true)
    assert.equal(await bootstrap(directory, hand), false)
    assert.equal(handed.length, 1)
    const [admin] = await store.principals('default')
    assert.deepEqual(admin?.memberships, [{ tenant: 'default', roles: ['admin', 'operator', 'auditor'] }])
    assert.deepEqual((await store.keys('default'))[0]?.scopes, everything)
  })

  test('a start that could not hand the key over leaves no working key, and the next one makes another', async () => {
    const { directory, store } = office()
    await assert.rejects(bootstrap(directory, () => Promise.reject(new Error('disk full'))))
    assert.deepEqual(await store.keys('default'), [])
    assert.equal(await bootstrap(directory, async () => {}), true)
    assert.equal((await store.principals('default')).length, 1)
  })

  test('a revoked first key and a renamed administrator stay so after a restart', async () => {
    const { directory, store } = office()
    await bootstrap(directory, async () => {})
    const [admin] = await store.principals('default')
    await directory.principals.rename(admin!.id, 'Ada', actingIn('default'))
    await directory.keys.revoke((await store.keys('default'))[0]!.id, actingIn('default'))
    assert.equal(await bootstrap(directory, async () => {}), false)
    assert.equal((await store.principals('default')).length, 1)
    assert.equal((await store.keys('default')).length, 1)
  })
})
