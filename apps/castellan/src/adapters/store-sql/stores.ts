import type { ApprovalStore } from '../../approvals/index.ts'
import type { BudgetLedger, CallStore, DecisionLog, NodeStore, RulesStore, ServerOwners } from '../../gate/index.ts'
import type { NoteStore } from '../../history/index.ts'
import type { IdentityStore } from '../../identity/index.ts'
import type { JournalStore, SubscriptionStore } from '../../journal/index.ts'
import type { PinStore, RegistryStore } from '../../registry/index.ts'
import type { AgentStore, RunStore, TeamStore, ToolPlaceStore, TriggerStore, WorkflowStore } from '../../runs/index.ts'
import type { SessionStore } from '../../sessions/index.ts'
import { agentStore } from './agent-store.ts'
import { approvalStore } from './approval-store.ts'
import { budgetLedger } from './budget-ledger.ts'
import { callStore } from './call-store.ts'
import { commitEntries } from './commit-entries.ts'
import { compilerFor } from './compile.ts'
import type { Database, Stats } from './database.ts'
import { decisionLog } from './decision-log.ts'
import { identityStore } from './identity-store.ts'
import { journalStore } from './journal-store.ts'
import type { MigrationStatus } from './migrate.ts'
import { nodeStore } from './node-store.ts'
import { noteStore } from './note-store.ts'
import { pinStore } from './pin-store.ts'
import { registryStore } from './registry-store.ts'
import { rulesStore } from './rules-store.ts'
import { runStore } from './run-store.ts'
import { serverOwners } from './server-owners.ts'
import { sessionStore } from './session-store.ts'
import { subscriptionStore } from './subscription-store.ts'
import { triggerStore } from './trigger-store.ts'
import { teamStore } from './team-store.ts'
import { toolPlaceStore } from './tool-place-store.ts'
import { workflowStore } from './workflow-store.ts'

/** By which processes on one database may hint to each other, besides what it does by itself. */
export interface News {
  /** Calls back with the newest offset when entries of this process got theirs, until the returned function is called. */
  onOwn(tell: (head: number) => void): () => void
  /** Others have some: readers look. */
  fromOthers(): void
}

/** Every store there is, over one database: what one of them commits, the others see. */
export interface Stores extends AsyncDisposable {
  readonly journal: JournalStore
  readonly subscriptions: SubscriptionStore
  readonly identity: IdentityStore
  readonly registry: RegistryStore
  readonly nodes: NodeStore
  readonly owners: ServerOwners
  readonly calls: CallStore
  readonly decisions: DecisionLog
  readonly rules: RulesStore
  readonly sessions: SessionStore
  readonly runs: RunStore
  readonly toolPlaces: ToolPlaceStore
  readonly agents: AgentStore
  readonly notes: NoteStore
  readonly workflows: WorkflowStore
  readonly triggers: TriggerStore
  readonly teams: TeamStore
  readonly pins: PinStore
  readonly budgets: BudgetLedger
  readonly approvals: ApprovalStore
  /** Only where others may write. */
  readonly news?: News
  /** The schema in force. */
  readonly migrations: readonly MigrationStatus[]
  stats(): Stats
  /** Waits for the writes that were accepted; afterwards no file, thread, timer or connection is left. Idempotent. */
  close(): Promise<void>
}

/** What a database must have to be opened as stores. */
export interface OpenDatabase extends Database {
  readonly migrations: readonly MigrationStatus[]
  readonly news?: News
  stats(): Stats
  close(): Promise<void>
}

export function storesOver(database: OpenDatabase): Stores {
  const db = compilerFor(database.dialect)
  const commit = commitEntries(database, db)
  const nodes = nodeStore(database, db)
  return {
    journal: journalStore(database, db, commit),
    subscriptions: subscriptionStore(database, db, commit),
    identity: identityStore(database, db, commit),
    registry: registryStore(database, db, commit),
    nodes,
    owners: serverOwners(database, db, nodes.id),
    calls: callStore(database, db, commit, nodes.id),
    decisions: decisionLog(database, db),
    rules: rulesStore(database, db, commit),
    sessions: sessionStore(database, db, commit),
    runs: runStore(database, db, commit),
    toolPlaces: toolPlaceStore(database, db, nodes.id),
    agents: agentStore(database, db, commit),
    notes: noteStore(database, db),
    workflows: workflowStore(database, db, commit),
    triggers: triggerStore(database, db, commit),
    teams: teamStore(database, db, commit),
    pins: pinStore(database, db, commit),
    budgets: budgetLedger(database, db, commit),
    approvals: approvalStore(database, db, commit),
    ...(database.news === undefined ? {} : { news: database.news }),
    migrations: database.migrations,
    stats: () => database.stats(),
    close: () => database.close(),
    [Symbol.asyncDispose]: () => database.close(),
  }
}
