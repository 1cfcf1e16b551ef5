import type { ApprovalStore } from '../../approvals/index.ts'
import type { BudgetLedger, CallStore, DecisionLog, NodeStore, RulesStore } from '../../gate/index.ts'
import type { NoteStore } from '../../history/index.ts'
import type { IdentityStore } from '../../identity/index.ts'
import type { JournalStore, SubscriptionStore } from '../../journal/index.ts'
import type { PinStore, RegistryStore } from '../../registry/index.ts'
import type { AgentStore, RunStore, WorkflowStore } from '../../runs/index.ts'
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
import { sessionStore } from './session-store.ts'
import { subscriptionStore } from './subscription-store.ts'
import { workflowStore } from './workflow-store.ts'

/** Every store there is, over one database: what one of them commits, the others see. */
export interface Stores extends AsyncDisposable {
  readonly journal: JournalStore
  readonly subscriptions: SubscriptionStore
  readonly identity: IdentityStore
  readonly registry: RegistryStore
  readonly nodes: NodeStore
  readonly calls: CallStore
  readonly decisions: DecisionLog
  readonly rules: RulesStore
  readonly sessions: SessionStore
  readonly runs: RunStore
  readonly agents: AgentStore
  readonly notes: NoteStore
  readonly workflows: WorkflowStore
  readonly pins: PinStore
  readonly budgets: BudgetLedger
  readonly approvals: ApprovalStore
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
  const nodes = nodeStore(database, db)
  return {
    journal: journalStore(database, db, commit),
    subscriptions: subscriptionStore(database, db, commit),
    identity: identityStore(database, db, commit),
    registry: registryStore(database, db, commit),
    nodes,
    calls: callStore(database, db, commit, nodes.id),
    decisions: decisionLog(database, db),
    rules: rulesStore(database, db, commit),
    sessions: sessionStore(database, db, commit),
    runs: runStore(database, db, commit),
    agents: agentStore(database, db, commit),
    notes: noteStore(database, db),
    workflows: workflowStore(database, db, commit),
    pins: pinStore(database, db, commit),
    budgets: budgetLedger(database, db, commit),
    approvals: approvalStore(database, db, commit),
    migrations: database.migrations,
    stats: () => database.stats(),
    close: () => database.close(),
    [Symbol.asyncDispose]: () => database.close(),
  }
}
