import type { ConnectionOptions, TlsOptions } from 'node:tls'

/** Keys that all nodes have, by a name that is no secret. */
export interface SharedKeys {
  readonly current: string
  /** 32 bytes; undefined for a name nobody knows. */
  get(name: string): Uint8Array | undefined
}

/**
 * TLS without certificates: both sides prove that they have the key, and what they say is encrypted under a key of this connection.
 * Source: RFC 4279 (PSK), RFC 5489 and RFC 7905 (ECDHE_PSK with ChaCha20-Poly1305), which there is for TLS 1.2.
 */
const suite = {
  ciphers: 'ECDHE-PSK-CHACHA20-POLY1305',
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.2',
} as const

export function serverSide(keys: SharedKeys): TlsOptions {
  return {
    ...suite,
    handshakeTimeout: 5_000,
    pskCallback: (_socket, name) => keys.get(name) ?? null,
  }
}

export function clientSide(keys: SharedKeys): ConnectionOptions {
  return {
    ...suite,
    pskCallback: () => {
      const psk = keys.get(keys.current)
      return psk === undefined ? null : { psk, identity: keys.current }
    },
    // There is no certificate: who has no key does not come this far.
    checkServerIdentity: () => undefined,
  }
}
