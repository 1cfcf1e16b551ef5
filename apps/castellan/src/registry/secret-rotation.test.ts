import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { KeyFiles, localVault } from '../adapters/secrets-local/index.ts'
import { openSqlite } from '../adapters/store-sql/index.ts'
import { Journal } from '../journal/index.ts'
import { fault, systemClock } from '../kernel/index.ts'
import { SecretRotation } from './secret-rotation.ts'

const actor = { tenant: 'default', principal: 'ann', correlationId: 'c' }

describe('a master key is replaced', () => {
  test('and every secret hangs on the new one, with the same value, and a line for each step', async () => {
    await using house = await aHouse(250)
    const before = house.keys.current
    const rotation = await house.rotation().rotate(actor)
    assert.deepEqual(
      [rotation.key, rotation.rewrapped, rotation.unreadable, rotation.forgotten],
      [house.keys.current, 250, [], []],
    )
    assert.notEqual(rotation.key, before)
    await house.allReadable()
    assert.deepEqual(await house.stores.registry.secretsNotUnder(rotation.key, null, 10), [])
    const lines = await house.stores.journal.read(0, 100, { tenant: 'default' })
    assert.deepEqual(
      lines.map(({ type, data }) => [type, data['count']]),
      [
        ['server.master_key_replaced', undefined],
        ['server.secrets_rewrapped', 100],
        ['server.secrets_rewrapped', 100],
        ['server.secrets_rewrapped', 50],
      ],
    )
  })

  test('and the one before goes at the next start, when nothing hangs on it', async () => {
    await using house = await aHouse(3)
    const before = house.keys.current
    await house.rotation().rotate(actor)
    assert.deepEqual(house.keys.older, [before])
    const finished = await house.restarted().rotation().finish(actor)
    assert.deepEqual(finished?.forgotten, [before])
    await house.restarted().allReadable()
    assert.equal(await house.restarted().rotation().finish(actor), null)
  })

  test('and where others seal secrets, too, it stays', async () => {
    await using house = await aHouse(1)
    await house.rotation().rotate(actor)
    assert.deepEqual((await house.restarted().rotation({ alone: false }).finish(actor))?.forgotten, [])
  })

  test('and a secret is set, stored late, or gone meanwhile', async () => {
    await using house = await aHouse(5)
    const late = house.vault.seal('default', 'late', 'value of late')
    const rotation = house.rotation({
      replaceSecrets: async (changes, entries) => {
        await house.stores.registry.saveSecret(house.vault.seal('default', 's1', 'another value'), [])
        await house.stores.registry.replaceSecrets(changes, entries)
      },
    })
    await rotation.rotate(actor)
    await house.stores.registry.saveSecret(late, [])
    assert.equal(house.vault.open((await house.stores.registry.secret('default', 's1'))!), 'another value')
    const next = house.restarted()
    assert.equal((await next.rotation().finish(actor))?.rewrapped, 1, 'what was stored late is taken over')
    assert.equal(next.vault.open((await house.stores.registry.secret('default', 'late'))!), 'value of late')
  })

  test('and whenever it is interrupted, everything stays readable and the next start finishes it', async () => {
    for (const failing of ['first', 'second'] as const) {
      await using house = await aHouse(150)
      let pages = 0
      const interrupted = house.rotation({
        replaceSecrets: async (changes, entries) => {
          if (failing === 'first' || ++pages === 2) throw fault('STORE_UNAVAILABLE', { why: 'pulled the plug' })
          await house.stores.registry.replaceSecrets(changes, entries)
        },
      })
      await assert.rejects(interrupted.rotate(actor), { code: 'STORE_UNAVAILABLE' })
      await house.allReadable()
      const next = house.restarted()
      await next.allReadable()
      const finished = await next.rotation().finish(actor)
      assert.deepEqual([finished?.rewrapped, finished?.forgotten.length], [failing === 'first' ? 150 : 50, 1])
      await house.restarted().allReadable()
    }
  })

  test('and what cannot be read keeps the key it claims', async () => {
    await using house = await aHouse(2)
    const damaged = { ...(await house.stores.registry.secret('default', 's0'))!, ciphertext: new Uint8Array(40), wrapped: new Uint8Array(60) } // prettier-ignore
    await house.stores.registry.saveSecret(damaged, [])
    const rotation = await house.rotation().rotate(actor)
    assert.deepEqual(rotation.unreadable, [{ tenant: 'default', name: 's0' }])
    assert.deepEqual((await house.restarted().rotation().finish(actor))?.forgotten, [])
  })

  test('and nobody else replaces it at the same time', async () => {
    await using house = await aHouse(3)
    const rotation = house.rotation()
    const first = rotation.rotate(actor)
    await assert.rejects(rotation.rotate(actor), { code: 'ROTATION_UNDER_WAY' })
    await first
    await rotation.rotate(actor)
    await house.allReadable()
  })
})

/** A store with so many secrets, and the key files beside it. */
async function aHouse(secrets: number) {
  const folder = await mkdtemp(join(tmpdir(), 'castellan-rotation-'))
  const stores = await openSqlite({ folder, clock: systemClock })
  const opened = () => {
    const keys = new KeyFiles(join(folder, 'master.key'))
    const vault = localVault(keys)
    return {
      keys,
      vault,
      rotation: (changes: Partial<typeof stores.registry & { alone: boolean }> = {}) => {
        const { alone = true, ...store } = changes
        const journal = new Journal(stores.journal, systemClock)
        return new SecretRotation({ store: { ...stores.registry, ...store }, vault, keys, journal, alone })
      },
      async allReadable() {
        for (let n = 0; n < secrets; n++) {
          assert.equal(vault.open((await stores.registry.secret('default', `s${n}`))!), `value of s${n}`)
        }
      },
    }
  }
  const first = opened()
  for (let n = 0; n < secrets; n++) {
    await stores.registry.saveSecret(first.vault.seal('default', `s${n}`, `value of s${n}`), [])
  }
  return {
    ...first,
    stores,
    restarted: opened,
    async [Symbol.asyncDispose]() {
      await stores.close()
      await rm(folder, { recursive: true })
    },
  }
}
