import assert from 'node:assert/strict'
import { hash, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { secretVaultSuite } from '../../registry/secret-vault.testsuite.ts'
import { localVault } from './local-vault.ts'

secretVaultSuite('the local vault', () => [localVault(randomBytes(32)), localVault(randomBytes(32))])

test('a secret sealed before a restart opens after it', () => {
  const master = randomBytes(32)
  const sealed = localVault(master).seal('acme', 'n', 'hunter2')
  assert.equal(localVault(master).open(sealed), 'hunter2')
})

test('the key id is the beginning of the digest of the key, and a fault says which key is missing', () => {
  const [master, other] = [randomBytes(32), randomBytes(32)]
  const sealed = localVault(master).seal('acme', 'n', 'hunter2')
  assert.equal(sealed.keyId, hash('sha256', master).slice(0, 8))
  assert.throws(() => localVault(other).open(sealed), { message: new RegExp(`under the master key ${sealed.keyId}`) })
})
