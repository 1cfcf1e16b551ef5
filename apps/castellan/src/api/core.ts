import type { Approvals } from '../approvals/index.ts'
import type {
  Budgets,
  CallStore,
  DecisionLog,
  Gate,
  PolicyEngine,
  Replays,
  Rules,
  WaitingCalls,
  Watches,
} from '../gate/index.ts'
import type { Guardrails } from '../guardrails/index.ts'
import type { Actor, Authenticator, Directory } from '../identity/index.ts'
import type { Journal, Subscriptions } from '../journal/index.ts'
import type { Clock } from '../kernel/index.ts'
import type {
  Agents,
  Listening,
  ModelRouter,
  Runs,
  StepTokens,
  Teams,
  TriggerFailures,
  Triggers,
  WebhookCalls,
  Workflows,
} from '../runs/index.ts'
import type { ReportFormat, Reports } from '../reports/index.ts'
import type { Sessions } from '../sessions/index.ts'
import type { Authorizations, Registry, SecretRotation, SecretVault } from '../registry/index.ts'

/** What the surfaces stand on; `app/` builds it. Surfaces translate between the wire and this, and decide nothing. */
export interface Core {
  readonly version: string
  readonly authenticator: Authenticator
  readonly directory: Directory
  readonly registry: Registry
  readonly authorizations: Authorizations
  readonly rules: Rules
  readonly budgets: Budgets
  /** Who decides about calls. */
  readonly engines: readonly PolicyEngine[]
  /** What was decided, and what others would have decided. */
  readonly decisions: DecisionLog
  readonly replays: Replays
  /** Loaded when first asked for. */
  readonly guardrails: () => Promise<Guardrails>
  readonly approvals: Approvals
  /** Those that were opened here, as against those of MCP. */
  readonly sessions: Sessions
  readonly agents: Agents
  readonly workflows: Workflows
  readonly teams: Teams
  readonly runs: Runs
  /** To what models say while they say it. */
  readonly listening: Listening
  readonly subscriptions: Subscriptions
  readonly triggers: Triggers
  readonly triggerFailures: TriggerFailures
  /** By which those outside call triggers. */
  readonly webhookCalls: WebhookCalls
  /** By which those outside call steps of runs. */
  readonly stepTokens: StepTokens
  /** Those of the settings. */
  readonly models: ModelRouter
  readonly reports: Reports
  /** What a report can be made into; each loaded when it is first asked for. */
  readonly reportFormat: (name: ReportFormat['name']) => Promise<ReportFormat>
  readonly gate: Gate
  readonly calls: CallStore
  readonly watches: Watches
  /** The calls that wait for their clients on other nodes; null where there are none. */
  readonly waiting: WaitingCalls | null
  /** A session has ended: what is open at servers for it alone is closed. */
  readonly sessionEnded: (id: string) => void
  readonly journal: Journal
  readonly vault: SecretVault
  readonly rotation: SecretRotation
  readonly clock: Clock
  /** Signs what clients carry for us between two requests; the same on every node. */
  readonly stateKey: Uint8Array
  /** Where the outside reaches us, such as `http://127.0.0.1:7400`. */
  readonly publicUrl: string
  /** The authorization server that clients of `/mcp` are sent to, when there is one. */
  readonly oidcIssuer: string | null
  /** Prometheus text of the metrics. */
  readonly metrics: () => Promise<string>
  /** What must hold before work is accepted; a reason when it does not. */
  readonly notReady: () => string | null
  /** What goes worse than it could, though work is accepted. */
  readonly impaired: () => readonly string[]
  /** Gives a new tenant the policies to begin with; without any it would be denied everything. */
  readonly welcomeTenant: (tenant: string, actor: Actor) => Promise<void>
  /** Told of bugs caught at the edge; the caller gets only `INTERNAL`. */
  readonly onBug: (error: unknown) => void
}
