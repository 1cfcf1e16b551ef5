import { createCipheriv, createDecipheriv, createHmac, hash, hkdfSync, randomBytes } from 'node:crypto'
import { canonicalize, fault } from '../../kernel/index.ts'
import type { SealedSecret, SecretVault } from '../../registry/index.ts'

const NONCE_BYTES = 12
const TAG_BYTES = 16

/**
 * A vault under one 32-byte master key: AES-256-GCM with random nonces, tenant and name as associated data.
 * The ciphertext ends with the tag. Encryption and fingerprints use keys of their own, derived from the master key.
 * Source: NIST SP 800-38D; RFC 5869 (HKDF).
 */
export function localVault(master: Uint8Array): SecretVault {
  const keyId = hash('sha256', master).slice(0, 8)
  const sealing = derived(master, 'castellan secrets: sealing')
  const printing = derived(master, 'castellan secrets: fingerprints')

  return {
    seal(tenant, name, plaintext) {
      const nonce = randomBytes(NONCE_BYTES)
      const cipher = createCipheriv('aes-256-gcm', sealing, nonce, { authTagLength: TAG_BYTES })
      cipher.setAAD(bound(tenant, name))
      const ciphertext = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final(), cipher.getAuthTag()])
      return { tenant, name, keyId, nonce, ciphertext }
    },

    open(sealed) {
      if (sealed.keyId !== keyId) {
        throw unreadable(
          sealed,
          `it was sealed under the master key ${sealed.keyId} and this one is ${keyId}; restore that key file, or set the secret again`,
        )
      }
      try {
        return decrypt(sealing, sealed)
      } catch (cause) {
        throw unreadable(sealed, 'it is damaged or was sealed for something else; set it again', cause)
      }
    },

    fingerprint(tenant, name, plaintext) {
      return createHmac('sha256', printing)
        .update(canonicalize([tenant, name]))
        .update('\n')
        .update(plaintext)
        .digest('hex')
    },
  }
}

function decrypt(key: Uint8Array, { tenant, name, nonce, ciphertext }: SealedSecret): string {
  // Node takes nonces of any length and short tags; ours have exactly one length, so nothing else is tried.
  if (nonce.length !== NONCE_BYTES || ciphertext.length < TAG_BYTES) throw new Error('wrong lengths')
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
  decipher.setAAD(bound(tenant, name))
  decipher.setAuthTag(ciphertext.subarray(-TAG_BYTES))
  return Buffer.concat([decipher.update(ciphertext.subarray(0, -TAG_BYTES)), decipher.final()]).toString('utf8')
}

/** Canonical JSON, so that no two pairs of tenant and name give the same bytes. */
function bound(tenant: string, name: string): Buffer {
  return Buffer.from(canonicalize([tenant, name]), 'utf8')
}

function derived(master: Uint8Array, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', master, '', purpose, 32))
}

function unreadable({ name }: SealedSecret, why: string, cause?: unknown) {
  return fault('SECRET_UNREADABLE', { name, why }, { cause })
}
