import { DatabaseSync } from 'node:sqlite'

/**
 * A connection that may write. A commit is on disk when it returns: an existing database in WAL mode would otherwise open
 * with whatever the library was built with.
 */
export function openWritable(path: string, maxBytes: number | null): DatabaseSync {
  const db = new DatabaseSync(path, { timeout: BUSY_TIMEOUT, enableForeignKeyConstraints: true })
  try {
    db.exec('PRAGMA journal_mode = WAL')
    db.exec('PRAGMA synchronous = FULL')
    db.exec(`PRAGMA journal_size_limit = ${64 * 1024 * 1024}`)
    // Erased blobs and removed secrets must not stay readable in free pages.
    db.exec('PRAGMA secure_delete = ON')
    if (maxBytes !== null) {
      const { page_size: pageSize } = db.prepare('PRAGMA page_size').get() as { page_size: number }
      db.exec(`PRAGMA max_page_count = ${Math.floor(maxBytes / pageSize)}`)
    }
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

/** A connection for reading; sees every commit that was acknowledged before the query. */
export function openReadOnly(path: string): DatabaseSync {
  return new DatabaseSync(path, { readOnly: true, timeout: BUSY_TIMEOUT })
}

/** Milliseconds to wait for a foreign tool that holds the database, such as a backup. */
const BUSY_TIMEOUT = 5_000
