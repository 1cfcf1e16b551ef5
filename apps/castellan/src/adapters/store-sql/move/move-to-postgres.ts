import { existsSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import type { Client } from 'pg'
import { type Clock, fault, isFault } from '../../../kernel/index.ts'
import { unavailable } from '../database.ts'
import { migrate } from '../migrate.ts'
import { connectionTo } from '../postgres/connection.ts'
import { migrationTarget, readable as readableOfPostgres, whileNobodyMigrates } from '../postgres/postgres-database.ts'
import { openReadOnly } from '../sqlite/connection.ts'
import { lockFolder } from '../sqlite/folder-lock.ts'
import { hasMoved, markMoved, type MovedMark, movedMark, unmarkMoved } from '../sqlite/moved-mark.ts'
import { databaseFile, migrateFile, readable as readableOfSqlite } from '../sqlite/sqlite-database.ts'
import { copyTable, freeWhatIsHeld, type MovedRows } from './copy-table.ts'
import { type MovedTable, quoted, tablesOf } from './tables-of.ts'

export interface MoveOptions {
  /** The data folder whose store moves. */
  readonly folder: string
  readonly url: string
  /** The URL as people may see it. */
  readonly shown: string
  readonly clock: Clock
}

/**
 * Moves an embedded store into an empty PostgreSQL database: everything in one transaction, compared row by row before it is committed.
 * Whatever fails, the database stays empty and the store as it is. Afterwards the folder is marked, so that nobody starts on it by
 * accident. The schema of both is brought up to date first. Resolves with the tables in the order in which they were written.
 *
 * Throws `DATA_LOCKED`, `DATA_MOVED`, `NOTHING_TO_MOVE`, `TARGET_NOT_EMPTY`, `STORE_INCOMPATIBLE`, and `STORE_UNAVAILABLE`. When the
 * connection was lost in the very moment of the commit, the folder is marked and the same may be asked again: it is refused with
 * `DATA_MOVED` when everything had arrived, and done otherwise.
 */
export async function moveToPostgres({ folder, url, shown, clock }: MoveOptions): Promise<readonly MovedRows[]> {
  const path = databaseFile(folder)
  if (!existsSync(path)) throw fault('NOTHING_TO_MOVE', { folder })
  const lock = lockFolder(folder)
  let source: DatabaseSync | undefined
  try {
    const mark = movedMark(folder)
    if (mark !== null && mark.to !== shown) throw hasMoved(folder, mark)
    await migrateFile(path, clock, null)
    source = openReadOnly(path)
    const [from, tables] = [source, tablesOf(source)]
    return await whileNobodyMigrates(connectionTo(url), async client => {
      await refuseStrangers(client, tables, shown)
      await migrate(migrationTarget(client), clock)
      await begin(client, tables)
      const found = await rowsIn(client, tables)
      if (found.length > 0) throw mark ? hasMoved(folder, mark) : notEmpty(shown, found)
      const moved: MovedRows[] = []
      for (const table of tables) moved.push(await copyTable(from, client, table))
      await freeWhatIsHeld(client, tables)
      // Whoever comes next would otherwise be planned for as if nothing were there.
      await client.query('ANALYZE')
      await commit(client, folder, { to: shown, at: clock.now().toISOString() })
      return moved
    })
  } catch (error) {
    if (isFault(error)) throw error
    throw 'errcode' in (error as object) ? readableOfSqlite(error) : readableOfPostgres(error)
  } finally {
    source?.close()
    lock.release()
  }
}

/** Tables of others that are called as ours are would be taken for ours. Those of an earlier start are known by their migrations. */
async function refuseStrangers(client: Client, tables: readonly MovedTable[], shown: string): Promise<void> {
  const { rows } = (await client.query(
    'SELECT table_name::text AS name FROM information_schema.tables WHERE table_schema = current_schema()',
  )) as { rows: { name: string }[] }
  const there = new Set(rows.map(({ name }) => name))
  if (there.has('migrations')) return
  const strange = tables.filter(({ name }) => there.has(name)).map(({ name }) => `a table ${name} that is not ours`)
  if (strange.length > 0) throw notEmpty(shown, strange)
}

async function begin(client: Client, tables: readonly MovedTable[]): Promise<void> {
  await client.query('BEGIN')
  // What the server is set to is for those who answer somebody.
  await client.query('SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0')
  // Nobody is to write there from here on, not even who had opened it before.
  await client.query(`LOCK TABLE ${quoted(tables.map(({ name }) => name))}, nodes IN EXCLUSIVE MODE`)
}

async function rowsIn(client: Client, tables: readonly MovedTable[]): Promise<readonly string[]> {
  const found: string[] = []
  for (const name of [...tables.map(table => table.name), 'nodes']) {
    const { rows } = (await client.query(`SELECT count(*) AS rows FROM "${name}"`)) as { rows: { rows: number }[] }
    if (rows[0]!.rows > 0) found.push(`${rows[0]!.rows} of ${name}`)
  }
  return found
}

/** The mark first: at no moment are there two stores that somebody could start on. */
async function commit(client: Client, folder: string, mark: MovedMark): Promise<void> {
  markMoved(folder, mark)
  try {
    await client.query('COMMIT')
  } catch (error) {
    // Only the server itself can say that nothing was committed.
    if ((error as { readonly severity?: string }).severity === 'ERROR') unmarkMoved(folder)
    throw unavailable(`whether everything arrived is not known, so ask for the same once more: ${String(error)}`, error)
  }
}

function notEmpty(shown: string, found: readonly string[]) {
  return fault('TARGET_NOT_EMPTY', { to: shown, found: found.join(', ') })
}
