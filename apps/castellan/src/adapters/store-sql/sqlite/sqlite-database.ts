import { closeSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import type { Entry, Haste, SequencedEntry } from '../../../journal/index.ts'
import { type Clock, isFault } from '../../../kernel/index.ts'
import { type Database, type Query, type Statement, type Stats, unavailable } from '../database.ts'
import { JournalTail } from '../journal-tail.ts'
import { migrate, type MigrationStatus, type MigrationTarget } from '../migrate.ts'
import { WakeList } from '../wake-list.ts'
import { openReadOnly, openWritable } from './connection.ts'
import { lockFolder } from './folder-lock.ts'
import { hasMoved, movedMark } from './moved-mark.ts'
import { problemOf } from './sqlite-error.ts'
import { Statements } from './statements.ts'
import { WriterThread } from './writer-thread.ts'

export interface SqliteOptions {
  /** Created when missing, for this user only. One process at a time may use it. */
  readonly folder: string
  readonly clock: Clock
  /** Most bytes the database file may grow to; what the disk holds when not given. */
  readonly maxBytes?: number
}

/** SQLite in a folder: reads here, writes on a thread of their own. */
export class SqliteDatabase implements Database {
  readonly dialect = 'sqlite'
  readonly migrations: readonly MigrationStatus[]
  readonly #reader: DatabaseSync
  readonly #statements: Statements
  readonly #writer: WriterThread
  readonly #lock: { release(): void }
  readonly #wakes = new WakeList()
  readonly #tail = new JournalTail()

  private constructor(
    path: string,
    maxBytes: number | null,
    lock: { release(): void },
    migrations: readonly MigrationStatus[],
  ) {
    this.#lock = lock
    this.migrations = migrations
    this.#reader = openReadOnly(path)
    this.#statements = new Statements(this.#reader)
    this.#writer = new WriterThread({ path, maxBytes }, (entries, head) => {
      this.#tail.add(entries, head)
      this.#wakes.wake()
    })
  }

  /** Throws `DATA_LOCKED`, `DATA_MOVED`, `STORE_INCOMPATIBLE`, or `STORE_UNAVAILABLE` when the folder cannot be used. */
  static async open({ folder, clock, maxBytes }: SqliteOptions): Promise<SqliteDatabase> {
    let lock: { release(): void } | undefined
    let database: SqliteDatabase | undefined
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      lock = lockFolder(folder)
      const moved = movedMark(folder)
      if (moved !== null) throw hasMoved(folder, moved)
      const path = databaseFile(folder)
      // Made for this user only before SQLite would make it for all; its log files take the mode from it.
      closeSync(openSync(path, 'a', 0o600))
      const migrations = await migrateFile(path, clock, maxBytes ?? null)
      database = new SqliteDatabase(path, maxBytes ?? null, lock, migrations)
      // Nothing is written, but the writer thread has answered.
      await database.write([])
      return database
    } catch (error) {
      await database?.close()
      lock?.release()
      throw isFault(error) ? error : readable(error)
    }
  }

  async read<Row>(query: Query<Row>): Promise<Row[]> {
    if (!this.#reader.isOpen) throw unavailable('it is closed')
    try {
      return this.#statements.get(query.sql).all(...query.values) as Row[]
    } catch (error) {
      throw readable(error)
    }
  }

  write(statements: readonly Statement[], entries?: readonly Entry[], haste?: Haste): Promise<void> {
    return this.#writer.write(statements, entries, haste)
  }

  tail(after: number): readonly SequencedEntry[] | undefined {
    // Not once it is closed: then nothing is answered any more.
    return this.#reader.isOpen ? this.#tail.after(after) : undefined
  }

  onAppended(wake: () => void): () => void {
    return this.#wakes.add(wake)
  }

  stats(): Stats {
    return { batches: this.#writer.batches, commits: this.#writer.commits }
  }

  /** Waits for the writes that were accepted; afterwards the folder is free. Idempotent. */
  async close(): Promise<void> {
    // The reader first: the last connection to close folds the log into the database, and only a writer can.
    if (this.#reader.isOpen) this.#reader.close()
    await this.#writer.close()
    this.#lock.release()
  }
}

/** Where the store of a folder is. */
export function databaseFile(folder: string): string {
  return join(folder, 'castellan.db')
}

/** Brings the schema of a file that nobody else uses up to date. Throws `STORE_INCOMPATIBLE`. */
export async function migrateFile(
  path: string,
  clock: Clock,
  maxBytes: number | null,
): Promise<readonly MigrationStatus[]> {
  const db = openWritable(path, maxBytes)
  try {
    const target: MigrationTarget = {
      dialect: 'sqlite',
      query: async (sql, values = []) => db.prepare(sql).all(...values),
    }
    return await migrate(target, clock)
  } finally {
    db.close()
  }
}

/** An error of SQLite or of the file system as who uses the store is told of it. */
export function readable(error: unknown): Error {
  const problem = problemOf(error)
  if (problem.is === 'unavailable') return unavailable(problem.why, error)
  // A folder that cannot be made or opened is an error of the file system, not of SQLite.
  if ((error as NodeJS.ErrnoException).syscall !== undefined) return unavailable((error as Error).message, error)
  return error as Error
}
