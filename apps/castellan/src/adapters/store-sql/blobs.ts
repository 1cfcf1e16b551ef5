import type { Blob } from '../../journal/index.ts'
import { type Compiler, prepare } from './compile.ts'
import type { Query } from './database.ts'

/** The query that keeps a blob, or leaves the one that is kept. */
export function blobInsert(db: Compiler): (blob: Blob) => Query {
  return prepare(({ tenant, digest, salt, bytes }: Blob) =>
    db
      .insertInto('blobs')
      .values({ tenant, digest, salt, bytes })
      .onConflict(conflict => conflict.columns(['tenant', 'digest']).doNothing()),
  )
}

/**
 * A blob whose bytes own their memory. A `Buffer` is often a window into a pool shared with strangers, and the whole pool
 * would be copied to the writer thread with it.
 */
export function ownBytes(blob: Blob): Blob {
  return { ...blob, salt: new Uint8Array(blob.salt), bytes: new Uint8Array(blob.bytes) }
}
