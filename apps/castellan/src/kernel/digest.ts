import { hash } from 'node:crypto'
import { canonicalize } from './canonical-json.ts'

/** `sha256:` and 64 hex digits. */
export type Digest = `sha256:${string}`

/** Digest of exact bytes; text is taken as UTF-8. */
export function digestBytes(bytes: string | Uint8Array): Digest {
  return `sha256:${hash('sha256', bytes)}`
}

/** Digest of a JSON value over its canonical text, so it does not depend on key order. Throws `JSON_NOT_CANONICAL`. */
export function digestJson(value: unknown): Digest {
  return digestBytes(canonicalize(value))
}
