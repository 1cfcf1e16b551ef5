import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { manualClock } from '../../kernel/index.ts'
import { secretSourceSuite } from '../../registry/secret-source.testsuite.ts'
import { type LocalVault, localVaultServer } from './fixtures/local-vault.ts'
import { vaultSource, type VaultOptions } from './vault-source.ts'

secretSourceSuite('a vault', async () => {
  const vault = await localVaultServer()
  const source = vaultSource(optionsFor(vault))
  let secrets = 0
  return {
    source,
    missing: 'nothing/here#password',
    async put(tenant, value) {
      const path = `database/s${secrets++}`
      vault.put(`castellan/${tenant}/${path}`, { password: value })
      return `${path}#password`
    },
    async close() {
      await source.close()
      await vault[Symbol.asyncDispose]()
    },
  }
})

const why = async (reading: Promise<string>) =>
  reading.then(
    () => 'was read',
    (error: Error) => error.message,
  )

describe('a vault', () => {
  test('is asked with its namespace, below the path of the tenant and nowhere else', async () => {
    await using vault = await localVaultServer()
    vault.namespace = 'admin/team'
    vault.put('castellan/acme/db', { password: 'hunter2' })
    await using open = opened(vault, { namespace: 'admin/team' })
    assert.equal(await open.source.read('acme', 'db#password'), 'hunter2')
    assert.deepEqual(vault.asked, ['/v1/secret/data/castellan/acme/db'])
    await assert.rejects(open.source.read('default', 'db#password'), { code: 'SECRET_UNREADABLE' })
    for (const tenant of ['..', 'a/b', '']) await assert.rejects(open.source.read(tenant, 'db#password'))
    assert.equal(vault.asked.length, 2)
  })

  test('without a place for tenants is for the first tenant alone', async () => {
    await using vault = await localVaultServer()
    vault.put('shared/db', { password: 'hunter2' })
    await using open = opened(vault, { path: 'secret/data/shared' })
    assert.equal(await open.source.read('default', 'db#password'), 'hunter2')
    assert.match(await why(open.source.read('acme', 'db#password')), /no such secret for this tenant/)
    assert.equal(vault.asked.length, 1)
  })

  test('is not asked again for a while, and the lease of the secret shortens that', async () => {
    await using vault = await localVaultServer()
    const clock = manualClock()
    vault.put('castellan/default/db', { password: 'old', user: 'u' })
    await using open = opened(vault, { clock, keep: 60_000 })
    const read = () => open.source.read('default', 'db#password')
    assert.deepEqual([await read(), await open.source.read('default', 'db#user')], ['old', 'u'])
    vault.put('castellan/default/db', { password: 'new', user: 'u' })
    clock.advance(59_999)
    assert.deepEqual([await read(), vault.asked.length], ['old', 1])
    clock.advance(1)
    vault.lease = 5
    assert.equal(await read(), 'new')
    vault.put('castellan/default/db', { password: 'newer' })
    clock.advance(5_000)
    assert.equal(await read(), 'newer')
  })

  test('that does not answer gives nothing, also of what was read before', async () => {
    await using vault = await localVaultServer()
    const clock = manualClock()
    vault.put('castellan/default/db', { password: 'hunter2' })
    await using open = opened(vault, { clock, keep: 1_000, timeout: 1_000 })
    const read = () => why(open.source.read('default', 'db#password'))
    assert.equal(await read(), 'was read')
    clock.advance(1_000)
    for (const [state, said] of [
      ['silent', /within 1s/],
      ['sealed', /is sealed/],
      ['gibberish', /KV engine of version 2/],
      ['redirect', /answered 307/],
      ['endless', /too large/],
    ] as const) {
      vault.state = state
      const told = await read()
      assert.match(told, said)
      assert.doesNotMatch(told, /hunter2|hvs\./)
    }
    vault.state = 'open'
    assert.equal(await read(), 'was read', 'and it is found again by itself')
  })

  test('that is not there is told apart, without its credentials', async () => {
    const vault = await localVaultServer()
    await using open = opened(vault)
    await vault[Symbol.asyncDispose]()
    assert.match(await why(open.source.read('default', 'db#password')), /cannot be reached: the connection was refused/)
  })

  test('gets a renewed token when the one before has ended, and none is ever repeated', async () => {
    await using vault = await localVaultServer()
    vault.put('castellan/default/db', { password: 'hunter2' })
    vault.put('castellan/default/other', { password: 'hunter2' })
    let token = 'hvs.a-token-of-tests'
    await using open = opened(vault, { token: async () => `${token}\n` })
    assert.equal(await open.source.read('default', 'db#password'), 'hunter2')
    vault.tokens.clear()
    vault.tokens.add((token = 'hvs.renewed'))
    assert.equal(await open.source.read('default', 'other#password'), 'hunter2')
    vault.tokens.clear()
    const told = await why(open.source.read('default', 'third#password'))
    assert.match(told, /refuses it/)
    assert.doesNotMatch(told, /hvs/)
  })

  test('of a deleted version, a missing field and a field that is no text there is no value', async () => {
    await using vault = await localVaultServer()
    vault.put('castellan/default/gone', { password: 'hunter2' })
    vault.delete('castellan/default/gone')
    vault.put('castellan/default/odd', { number: 7, nested: { a: 'hunter2' } })
    await using open = opened(vault)
    assert.match(await why(open.source.read('default', 'gone#password')), /no such secret/)
    assert.match(await why(open.source.read('default', 'odd#password')), /no such secret/)
    for (const field of ['toString', '__proto__', 'constructor'])
      assert.match(await why(open.source.read('default', `odd#${field}`)), /no such secret/)
    for (const field of ['number', 'nested'])
      assert.match(await why(open.source.read('default', `odd#${field}`)), /not text/)
  })

  test('whose token cannot be read is not asked', async () => {
    await using vault = await localVaultServer()
    await using open = opened(vault, { token: () => Promise.reject(new Error('hvs.secret')) })
    const told = await why(open.source.read('default', 'db#password'))
    assert.match(told, /token for the vault cannot be read/)
    assert.doesNotMatch(told, /hvs/)
    assert.equal(vault.asked.length, 0)
  })
})

function optionsFor(vault: LocalVault): VaultOptions {
  return {
    url: vault.url,
    path: 'secret/data/castellan/{tenant}',
    only: 'default',
    namespace: null,
    token: async () => 'hvs.a-token-of-tests',
    timeout: 2_000,
    keep: 60_000,
    clock: manualClock(),
  }
}

function opened(vault: LocalVault, changes: Partial<VaultOptions> = {}) {
  const source = vaultSource({ ...optionsFor(vault), ...changes })
  return { source, [Symbol.asyncDispose]: () => source.close() }
}
