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
