import { mkdirSync } from 'node:fs'
import { type MigrationStatus, openPostgres, openSqlite, type Stores } from '../adapters/store-sql/index.ts'
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
