import { createHash } from 'node:crypto'
import type { SqlValue } from '../database.ts'

/** A digest over rows, value by value in their order; the same for the same rows of either database. */
export class RowDigest {
  readonly #hash = createHash('sha256')

  add(row: readonly SqlValue[]): void {
    this.#hash.update(JSON.stringify(row, (_, value: unknown) => (value instanceof Uint8Array ? asText(value) : value)))
    this.#hash.update('\n')
  }

  /** 64 hex digits. */
  hex(): string {
    return this.#hash.digest('hex')
  }
}

/** In a list, so that no text is the same. */
function asText(bytes: Uint8Array): readonly string[] {
  return [Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')]
}
