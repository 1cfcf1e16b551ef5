import { mkdirSync } from 'node:fs'
import {
  type MigrationStatus,
  type MovedRows,
  moveToPostgres,
  openPostgres,
  openSqlite,
  type Stores,
} from '../adapters/store-sql/index.ts'
import type { Config } from '../config/index.ts'
import type { Clock } from '../kernel/index.ts'
import { systemClock } from '../kernel/index.ts'

/** The stores a configuration names, brought up to date. Throws what opening them throws. */
export async function openStores(config: Config, clock: Clock): Promise<Stores> {
  mkdirSync(config.data, { recursive: true, mode: 0o700 })
  return config.database === null
    ? openSqlite({ folder: config.data, clock })
    : openPostgres({ url: config.database, clock })
}

/** Brings the store of a configuration up to date, and says what it went through. */
export async function migrate(config: Config): Promise<readonly MigrationStatus[]> {
  const stores = await openStores(config, systemClock)
  await stores.close()
  return stores.migrations
}

/**
 * Moves the embedded store of a configuration to a PostgreSQL database, and says what it brought there. `shown` is its URL as people may
 * see it. Throws what moving throws.
 */
export function moveStore({ data }: Config, url: string, shown: string): Promise<readonly MovedRows[]> {
  return moveToPostgres({ folder: data, url, shown, clock: systemClock })
}
