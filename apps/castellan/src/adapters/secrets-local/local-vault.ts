import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto'
import { canonicalize, fault } from '../../kernel/index.ts'
import type { SealedSecret, SecretVault } from '../../registry/index.ts'
import type { MasterKeys } from './master-keys.ts'

const NONCE_BYTES = 12
const TAG_BYTES = 16
const KEY_BYTES = 32

/**
 * A vault under master keys, by envelopes: each secret is encrypted under a random data key of its own, and that under the
 * current master key. So another master key takes over by wrapping data keys anew. Both are AES-256-GCM with random nonces, bound
 * to tenant and name; the ciphertext ends with the tag. Wrapping and fingerprints use keys of their own, derived from the master.
 *
 * A secret without a wrapped key is of a version that encrypted under the master key itself, and is read as such.
 *
 * Source: NIST SP 800-38D; RFC 5869 (HKDF).
 */
export function localVault(keys: MasterKeys): SecretVault {
  const derived = new Map<string, Derived>()

  function derivedOf(sealed: Pick<SealedSecret, 'name' | 'keyId'>): Derived {
    const known = derived.get(sealed.keyId)
    if (known) return known
    const master = keys.get(sealed.keyId)
    if (!master) {
      throw unreadable(
        sealed,
        `it was sealed under the master key ${sealed.keyId}, which is not here; restore that key file, or set the secret again`,
      )
    }
    const made: Derived = {
      sealing: derive(master, 'castellan secrets: sealing'),
      wrapping: derive(master, 'castellan secrets: data keys'),
      printing: derive(master, 'castellan secrets: fingerprints'),
    }
    derived.set(sealed.keyId, made)
    return made
  }

  function wrap(dataKey: Uint8Array, { tenant, name }: Pick<SealedSecret, 'tenant' | 'name'>) {
    const keyId = keys.current
    const nonce = randomBytes(NONCE_BYTES)
    const { wrapping } = derivedOf({ name, keyId })
    return { keyId, wrapped: Buffer.concat([nonce, encrypt(wrapping, nonce, dataKey, dataKeyOf(tenant, name))]) }
  }

  function unwrap(sealed: SealedSecret & { readonly wrapped: Uint8Array }): Buffer {
    const { tenant, name, wrapped } = sealed
    const { wrapping } = derivedOf(sealed)
    if (wrapped.length !== NONCE_BYTES + KEY_BYTES + TAG_BYTES) throw new Error('wrong lengths')
    const nonce = wrapped.subarray(0, NONCE_BYTES)
    return decrypt(wrapping, nonce, wrapped.subarray(NONCE_BYTES), dataKeyOf(tenant, name))
  }

  function open(sealed: SealedSecret): string {
    const { tenant, name, nonce, ciphertext, wrapped } = sealed
    const { sealing } = derivedOf(sealed)
    try {
      const key = wrapped === null ? sealing : unwrap({ ...sealed, wrapped })
      return decrypt(key, nonce, ciphertext, bound(tenant, name)).toString('utf8')
    } catch (cause) {
      throw unreadable(sealed, 'it is damaged or was sealed for something else; set it again', cause)
    }
  }

  function seal(tenant: string, name: string, plaintext: string): SealedSecret {
    const dataKey = randomBytes(KEY_BYTES)
    const nonce = randomBytes(NONCE_BYTES)
    const ciphertext = encrypt(dataKey, nonce, Buffer.from(plaintext, 'utf8'), bound(tenant, name))
    return { tenant, name, nonce, ciphertext, ...wrap(dataKey, { tenant, name }) }
  }

  return {
    get keyId() {
      return keys.current
    },
    seal,
    open,

    rewrap(sealed) {
      const { tenant, name, wrapped } = sealed
      if (sealed.keyId === keys.current && wrapped !== null) return sealed
      // What has no data key gets one.
      if (wrapped === null) return seal(tenant, name, open(sealed))
      derivedOf(sealed)
      try {
        return { ...sealed, ...wrap(unwrap({ ...sealed, wrapped }), sealed) }
      } catch (cause) {
        throw unreadable(sealed, 'it is damaged or was sealed for something else; set it again', cause)
      }
    },

    fingerprint(tenant, name, plaintext) {
      return createHmac('sha256', derivedOf({ name, keyId: keys.current }).printing)
        .update(canonicalize([tenant, name]))
        .update('\n')
        .update(plaintext)
        .digest('hex')
    },
  }
}

/** What a master key is used through. */
interface Derived {
  readonly sealing: Buffer
  readonly wrapping: Buffer
  readonly printing: Buffer
}

function encrypt(key: Uint8Array, nonce: Uint8Array, plain: Uint8Array, about: Buffer): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
  cipher.setAAD(about)
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()])
}

function decrypt(key: Uint8Array, nonce: Uint8Array, ciphertext: Uint8Array, about: Buffer): Buffer {
  // Node takes nonces of any length and short tags; ours have exactly one length, so nothing else is tried.
  if (nonce.length !== NONCE_BYTES || ciphertext.length < TAG_BYTES) throw new Error('wrong lengths')
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
  decipher.setAAD(about)
  decipher.setAuthTag(ciphertext.subarray(-TAG_BYTES))
  return Buffer.concat([decipher.update(ciphertext.subarray(0, -TAG_BYTES)), decipher.final()])
}

/** Canonical JSON, so that no two pairs of tenant and name give the same bytes. */
function bound(tenant: string, name: string): Buffer {
  return Buffer.from(canonicalize([tenant, name]), 'utf8')
}

function dataKeyOf(tenant: string, name: string): Buffer {
  return Buffer.from(canonicalize(['data key', tenant, name]), 'utf8')
}

function derive(master: Uint8Array, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', master, '', purpose, KEY_BYTES))
}

function unreadable({ name }: Pick<SealedSecret, 'name'>, why: string, cause?: unknown) {
  return fault('SECRET_UNREADABLE', { name, why }, { cause })
}
