import type { CallStore, RulesStore } from '../../gate/index.ts'
import type { IdentityStore } from '../../identity/index.ts'
import type { JournalStore } from '../../journal/index.ts'
import type { RegistryStore } from '../../registry/index.ts'
import { callStore } from './call-store.ts'
import { commitEntries } from './commit-entries.ts'
import { compilerFor } from './compile.ts'
import type { Database, Stats } from './database.ts'
import { identityStore } from './identity-store.ts'
import { journalStore } from './journal-store.ts'
import type { MigrationStatus } from './migrate.ts'
import { registryStore } from './registry-store.ts'
import { rulesStore } from './rules-store.ts'

/** Every store there is, over one database: what one of them commits, the others see. */
export interface Stores extends AsyncDisposable {
  readonly journal: JournalStore
  readonly identity: IdentityStore
  readonly registry: RegistryStore
  readonly calls: CallStore
  readonly rules: RulesStore
  /** The schema in force. */
  readonly migrations: readonly MigrationStatus[]
  stats(): Stats
  /** Waits for the writes that were accepted; afterwards no file, thread, timer or connection is left. Idempotent. */
  close(): Promise<void>
}

/** What a database must have to be opened as stores. */
export interface OpenDatabase extends Database {
  readonly migrations: readonly MigrationStatus[]
  stats(): Stats
  close(): Promise<void>
}

export function storesOver(database: OpenDatabase): Stores {
  const db = compilerFor(database.dialect)
  const commit = commitEntries(database, db)
  return {
    journal: journalStore(database, db, commit),
    identity: identityStore(database, db, commit),
    registry: registryStore(database, db, commit),
    calls: callStore(database, db, commit),
    rules: rulesStore(database, db, commit),
    migrations: database.migrations,
    stats: () => database.stats(),
    close: () => database.close(),
    [Symbol.asyncDispose]: () => database.close(),
  }
}
