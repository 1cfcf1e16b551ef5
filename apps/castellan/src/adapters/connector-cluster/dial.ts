import { connect, type TLSSocket } from 'node:tls'
import { clientSide, type SharedKeys } from './shared-key.ts'

/** Begins a connection to another node; null when its address is none. */
export function dial(address: string, keys: SharedKeys): TLSSocket | null {
  const at = URL.parse(`tls://${address}`)
  if (!at) return null
  return connect({ host: at.hostname.replace(/^\[|\]$/g, ''), port: Number(at.port), ...clientSide(keys) })
}
