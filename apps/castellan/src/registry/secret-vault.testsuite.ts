import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { SealedSecret } from './registry-store.ts'
import type { SecretVault } from './secrets.ts'

/** What every vault promises. `open` gives two vaults under different keys. */
export function secretVaultSuite(name: string, open: () => readonly [SecretVault, SecretVault]): void {
  const unreadable = { code: 'SECRET_UNREADABLE' }

  describe(`${name} is a secret vault`, () => {
    test('what was sealed opens again, whatever it is', () => {
      const [vault] = open()
      for (const plaintext of ['', 'hunter2', 'Ünïcödé 🔑\0\n', 'x'.repeat(100_000)]) {
        assert.equal(vault.open(vault.seal('acme', 'db/password', plaintext)), plaintext)
      }
    })

    test('a sealed secret shows nothing of the plaintext, and no two are alike', () => {
      const [vault] = open()
      const first = vault.seal('acme', 'n', 'correct horse battery')
      const second = vault.seal('acme', 'n', 'correct horse battery')
      assert.ok(!Buffer.from(first.ciphertext).includes('horse'))
      assert.notDeepEqual(first.nonce, second.nonce)
      assert.notDeepEqual(first.ciphertext, second.ciphertext)
      assert.deepEqual([first.tenant, first.name], ['acme', 'n'])
    })

    test('every flipped bit makes it unreadable', () => {
      const [vault] = open()
      const sealed = vault.seal('acme', 'n', 'hunter2')
      for (const part of ['nonce', 'ciphertext', 'wrapped'] as const) {
        const whole = sealed[part]
        if (whole === null) continue
        for (let at = 0; at < whole.length; at++) {
          const bytes = Uint8Array.from(whole)
          bytes[at]! ^= 1
          assert.throws(() => vault.open({ ...sealed, [part]: bytes }), unreadable)
        }
      }
    })

    test('cut or emptied parts are unreadable, not a crash', () => {
      const [vault] = open()
      const sealed = vault.seal('acme', 'n', 'hunter2')
      const damaged: Partial<SealedSecret>[] = [
        { nonce: new Uint8Array() },
        { nonce: sealed.nonce.slice(1) },
        { ciphertext: new Uint8Array() },
        { ciphertext: sealed.ciphertext.slice(0, 15) },
        { ciphertext: sealed.ciphertext.slice(0, -1) },
        { wrapped: new Uint8Array() },
        { wrapped: sealed.wrapped?.slice(1) ?? new Uint8Array(59) },
        { wrapped: null },
      ]
      for (const part of damaged) assert.throws(() => vault.open({ ...sealed, ...part }), unreadable)
    })

    test('a secret does not open under another name or tenant, however the two are cut', () => {
      const [vault] = open()
      const sealed = vault.seal('acme', 'b/c', 'hunter2')
      assert.throws(() => vault.open({ ...sealed, name: 'b/d' }), unreadable)
      assert.throws(() => vault.open({ ...sealed, tenant: 'globex' }), unreadable)
      assert.throws(() => vault.open({ ...sealed, tenant: 'acmeb', name: '/c' }), unreadable)
      assert.throws(() => vault.open({ ...sealed, tenant: 'acme","b', name: 'c' }), unreadable)
    })

    test('a secret of another key is unreadable, also when it claims this one', () => {
      const [vault, other] = open()
      const foreign = other.seal('acme', 'n', 'hunter2')
      assert.throws(() => vault.open(foreign), unreadable)
      const { keyId } = vault.seal('acme', 'n', 'x')
      assert.notEqual(keyId, foreign.keyId)
      assert.throws(() => vault.open({ ...foreign, keyId }), unreadable)
    })

    test('what was sealed under the current key is taken over as it is, and of another key not at all', () => {
      const [vault, other] = open()
      const sealed = vault.seal('acme', 'n', 'hunter2')
      assert.equal(sealed.keyId, vault.keyId)
      assert.equal(vault.rewrap(sealed), sealed)
      assert.throws(() => vault.rewrap(other.seal('acme', 'n', 'hunter2')), unreadable)
    })

    test('a fault names the secret and shows nothing of it', () => {
      const [vault] = open()
      const sealed = { ...vault.seal('acme', 'db/password', 'hunter2'), tenant: 'globex' }
      assert.throws(
        () => vault.open(sealed),
        (error: Error) => error.message.includes('"db/password"') && !error.message.includes('hunter2'),
      )
    })

    test('fingerprints tell whether a value changed, and only to the holder of the key', () => {
      const [vault, other] = open()
      const fingerprint = vault.fingerprint('acme', 'n', 'hunter2')
      assert.equal(vault.fingerprint('acme', 'n', 'hunter2'), fingerprint)
      assert.notEqual(vault.fingerprint('acme', 'n', 'hunter3'), fingerprint)
      assert.notEqual(vault.fingerprint('acme', 'm', 'hunter2'), fingerprint)
      assert.notEqual(vault.fingerprint('globex', 'n', 'hunter2'), fingerprint)
      assert.notEqual(other.fingerprint('acme', 'n', 'hunter2'), fingerprint)
    })
  })
}
