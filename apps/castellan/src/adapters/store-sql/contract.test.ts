import { postgresForTests } from '../../../../../tests/support/services.ts'
import { approvalStoreSuite } from '../../approvals/approval-store.testsuite.ts'
import { callStoreSuite } from '../../gate/call-store.testsuite.ts'
import { budgetLedgerSuite } from '../../gate/budgets/budget-ledger.testsuite.ts'
import { decisionLogSuite } from '../../gate/decision-log.testsuite.ts'
import { listeningNodesSuite, nodeStoreSuite } from '../../gate/node-store.testsuite.ts'
import { rulesStoreSuite } from '../../gate/rules-store.testsuite.ts'
import { serverOwnersSuite } from '../../gate/server-owners.testsuite.ts'
import { noteStoreSuite } from '../../history/note-store.testsuite.ts'
import { identityStoreSuite } from '../../identity/identity-store.testsuite.ts'
import { journalStoreSuite } from '../../journal/journal-store.testsuite.ts'
import { subscriptionStoreSuite } from '../../journal/subscriptions/subscription-store.testsuite.ts'
import { systemClock } from '../../kernel/index.ts'
import { pinStoreSuite } from '../../registry/pins/pin-store.testsuite.ts'
import { registryStoreSuite } from '../../registry/registry-store.testsuite.ts'
import { runStoreSuite } from '../../runs/run-store.testsuite.ts'
import { toolPlaceStoreSuite } from '../../runs/tool-place-store.testsuite.ts'
import { triggerStoreSuite } from '../../runs/triggers/trigger-store.testsuite.ts'
import { teamStoreSuite } from '../../runs/team/team-store.testsuite.ts'
import { sessionStoreSuite } from '../../sessions/session-store.testsuite.ts'
import { openPostgres, openSqlite, type SqliteOptions, type Stores } from './index.ts'
import { SqliteDatabase } from './sqlite/sqlite-database.ts'
import { storesOver } from './stores.ts'
import { freshPostgres } from './testing/fresh-postgres.ts'
import { temporaryFolder } from './testing/temporary-folder.ts'

const postgres = await postgresForTests()

const databases: readonly { name: string; skip: string | false; open: () => Promise<Stores> }[] = [
  { name: 'SQLite', skip: false, open: () => onSqlite() },
  { name: 'PostgreSQL', skip: postgres.skip, open: onPostgres },
]

for (const { name, skip, open } of databases) {
  journalStoreSuite(name, open, skip)
  identityStoreSuite(name, open, skip)
  registryStoreSuite(name, open, skip)
  callStoreSuite(name, open, skip)
  nodeStoreSuite(name, open, skip)
  decisionLogSuite(name, open, skip)
  rulesStoreSuite(name, open, skip)
  noteStoreSuite(name, open, skip)
  pinStoreSuite(name, open, skip)
  budgetLedgerSuite(name, open, skip)
  approvalStoreSuite(name, open, skip)
  sessionStoreSuite(name, open, skip)
  runStoreSuite(name, open, skip)
  teamStoreSuite(name, open, skip)
  subscriptionStoreSuite(name, open, skip)
  triggerStoreSuite(name, open, skip)
}

for (const suite of [serverOwnersSuite, toolPlaceStoreSuite, listeningNodesSuite]) {
  suite('SQLite', sharedSqlite, false)
  suite('PostgreSQL', sharedPostgres, postgres.skip)
}

journalStoreSuite('SQLite, asked for everything,', () => onSqlite(openForgetful), false)

async function onSqlite(open = openSqlite): Promise<Stores> {
  const folder = temporaryFolder()
  const stores = await open({ folder: folder.path, clock: systemClock })
  return { ...stores, close: () => stores.close().finally(() => folder[Symbol.dispose]()) }
}

/** Stores that have nothing at hand, as when they were opened just now. */
async function openForgetful(options: SqliteOptions): Promise<Stores> {
  const database = await SqliteDatabase.open(options)
  return storesOver({
    dialect: 'sqlite',
    migrations: database.migrations,
    read: query => database.read(query),
    write: (...change) => database.write(...change),
    tail: () => undefined,
    onAppended: wake => database.onAppended(wake),
    stats: () => database.stats(),
    close: () => database.close(),
  })
}

interface SharedStores extends Stores {
  /** The same as another process has them. */
  readonly other: Stores
}

/** Two who take themselves for different processes. */
async function sharedSqlite(): Promise<SharedStores> {
  const folder = temporaryFolder()
  const database = await SqliteDatabase.open({ folder: folder.path, clock: systemClock })
  const close = () => database.close().finally(() => folder[Symbol.dispose]())
  return { ...storesOver(database), other: storesOver(database), close }
}

async function sharedPostgres(): Promise<SharedStores> {
  const { url, drop } = await freshPostgres(postgres.url)
  const [stores, other] = [await openPostgres({ url }), await openPostgres({ url })]
  const close = () => Promise.all([stores.close(), other.close()]).then(drop)
  return { ...stores, other, close }
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
