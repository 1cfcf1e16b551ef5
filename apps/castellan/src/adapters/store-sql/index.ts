import type { PostgresOptions } from './postgres/postgres-database.ts'
import type { MoveOptions } from './move/move-to-postgres.ts'
import type { MovedRows } from './move/copy-table.ts'
import { SqliteDatabase, type SqliteOptions } from './sqlite/sqlite-database.ts'
import { type Stores, storesOver } from './stores.ts'

export type { Stats } from './database.ts'
export type { MovedRows } from './move/copy-table.ts'
export type { MigrationStatus } from './migrate.ts'
export type { PostgresOptions } from './postgres/postgres-database.ts'
export type { SqliteOptions } from './sqlite/sqlite-database.ts'
export type { Stores } from './stores.ts'

/**
 * Stores in a folder of this machine, with its schema brought up to date.
 * Throws `DATA_LOCKED`, `DATA_MOVED`, `STORE_INCOMPATIBLE` or `STORE_UNAVAILABLE`.
 */
export async function openSqlite(options: SqliteOptions): Promise<Stores> {
  return storesOver(await SqliteDatabase.open(options))
}

/**
 * Stores in a PostgreSQL database that any number of processes share, with its schema brought up to date.
 * Throws `STORE_INCOMPATIBLE` or `STORE_UNAVAILABLE`.
 */
export async function openPostgres(options: PostgresOptions): Promise<Stores> {
  // Only an installation that has such a database loads the driver for it.
  const { PostgresDatabase } = await import('./postgres/postgres-database.ts')
  return storesOver(await PostgresDatabase.open(options))
}

/** Moves the stores in a folder of this machine to a PostgreSQL database; see {@link MoveOptions}. Throws what the move itself throws. */
export async function moveToPostgres(options: MoveOptions): Promise<readonly MovedRows[]> {
  return (await import('./move/move-to-postgres.ts')).moveToPostgres(options)
}
