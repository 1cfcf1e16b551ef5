import { postgresForTests } from '../../../../../tests/support/services.ts'
import { callStoreSuite } from '../../gate/call-store.testsuite.ts'
import { rulesStoreSuite } from '../../gate/rules-store.testsuite.ts'
import { identityStoreSuite } from '../../identity/identity-store.testsuite.ts'
import { journalStoreSuite } from '../../journal/journal-store.testsuite.ts'
import { systemClock } from '../../kernel/index.ts'
import { registryStoreSuite } from '../../registry/registry-store.testsuite.ts'
import { openPostgres, openSqlite, type Stores } from './index.ts'
import { freshPostgres } from './testing/fresh-postgres.ts'
import { temporaryFolder } from './testing/temporary-folder.ts'

const postgres = await postgresForTests()

const databases: readonly { name: string; skip: string | false; open: () => Promise<Stores> }[] = [
  { name: 'SQLite', skip: false, open: onSqlite },
  { name: 'PostgreSQL', skip: postgres.skip, open: onPostgres },
]

for (const { name, skip, open } of databases) {
  journalStoreSuite(name, open, skip)
  identityStoreSuite(name, open, skip)
  registryStoreSuite(name, open, skip)
  callStoreSuite(name, open, skip)
  rulesStoreSuite(name, open, skip)
}

async function onSqlite(): Promise<Stores> {
  const folder = temporaryFolder()
  const stores = await openSqlite({ folder: folder.path, clock: systemClock })
  return { ...stores, close: () => stores.close().finally(() => folder[Symbol.dispose]()) }
}

async function onPostgres(): Promise<Stores> {
  const { url, drop } = await freshPostgres(postgres.url)
  const stores = await openPostgres({ url })
  return {
    ...stores,
    close: async () => {
      await stores.close()
      await drop()
    },
  }
}
