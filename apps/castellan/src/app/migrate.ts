import { mkdir } from 'node:fs/promises'
import { openPostgres, openSqlite } from '../adapters/store-sql/index.ts'
import type { Config } from '../config/index.ts'
import { systemClock as clock } from '../kernel/index.ts'

/**
 * Brings the store of these settings up to date, as a start does, and resolves with the steps of its schema.
 * Throws `DATA_LOCKED`, `STORE_INCOMPATIBLE` or `STORE_UNAVAILABLE`.
 */
export async function migrate({ data, database }: Config) {
  await mkdir(data, { recursive: true, mode: 0o700 })
  const stores =
    database === null ? await openSqlite({ folder: data, clock }) : await openPostgres({ url: database, clock })
  await stores.close()
  return stores.migrations
}
