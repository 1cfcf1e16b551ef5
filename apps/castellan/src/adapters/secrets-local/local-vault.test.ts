import assert from 'node:assert/strict'
import { createCipheriv, hash, hkdfSync, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { canonicalize } from '../../kernel/index.ts'
import type { SealedSecret } from '../../registry/index.ts'
import { secretVaultSuite } from '../../registry/secret-vault.testsuite.ts'
import { localVault } from './local-vault.ts'
import { type MasterKeys, oneKey } from './master-keys.ts'

secretVaultSuite('the local vault', () => [localVault(oneKey(randomBytes(32))), localVault(oneKey(randomBytes(32)))])

const idOf = (master: Uint8Array) => hash('sha256', master).slice(0, 8)

test('a secret sealed before a restart opens after it', () => {
  const master = randomBytes(32)
  const sealed = localVault(oneKey(master)).seal('acme', 'n', 'hunter2')
  assert.equal(localVault(oneKey(master)).open(sealed), 'hunter2')
})

test('the key id is the beginning of the digest of the key, and a fault says which key is missing', () => {
  const [master, other] = [randomBytes(32), randomBytes(32)]
  const sealed = localVault(oneKey(master)).seal('acme', 'n', 'hunter2')
  assert.equal(sealed.keyId, idOf(master))
  assert.throws(() => localVault(oneKey(other)).open(sealed), {
    message: new RegExp(`under the master key ${sealed.keyId}`),
  })
})

test('another master key takes over without a change to what is encrypted, and then the first is not needed', () => {
  const [first, second] = [randomBytes(32), randomBytes(32)]
  const sealed = localVault(oneKey(first)).seal('acme', 'n', 'hunter2')
  const both = localVault(twoKeys(second, first))
  assert.equal(both.open(sealed), 'hunter2')
  const taken = both.rewrap(sealed)
  assert.deepEqual([taken.keyId, taken.ciphertext, taken.nonce], [idOf(second), sealed.ciphertext, sealed.nonce])
  assert.equal(localVault(oneKey(second)).open(taken), 'hunter2')
  assert.throws(() => localVault(oneKey(first)).open(taken), { code: 'SECRET_UNREADABLE' })
  assert.throws(() => both.rewrap({ ...sealed, name: 'other' }), { code: 'SECRET_UNREADABLE' })
})

test('a secret that an earlier version encrypted under the master key itself is read, and gets a key of its own', () => {
  const [first, second] = [randomBytes(32), randomBytes(32)]
  const old = sealedWithoutEnvelope(first, 'acme', 'n', 'hunter2')
  assert.equal(localVault(oneKey(first)).open(old), 'hunter2')
  for (const vault of [localVault(oneKey(first)), localVault(twoKeys(second, first))]) {
    const taken = vault.rewrap(old)
    assert.notEqual(taken.wrapped, null)
    assert.equal(vault.open(taken), 'hunter2')
  }
})

function twoKeys(current: Uint8Array, older: Uint8Array): MasterKeys {
  return { current: idOf(current), get: id => [current, older].find(each => idOf(each) === id) }
}

/** As the first version did it. */
function sealedWithoutEnvelope(master: Uint8Array, tenant: string, name: string, plaintext: string): SealedSecret {
  const key = Buffer.from(hkdfSync('sha256', master, '', 'castellan secrets: sealing', 32))
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: 16 })
  cipher.setAAD(Buffer.from(canonicalize([tenant, name])))
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()])
  return { tenant, name, keyId: idOf(master), wrapped: null, nonce, ciphertext }
}
