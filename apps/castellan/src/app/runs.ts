import type { Stores } from '../adapters/store-sql/index.ts'
import type { Config } from '../config/index.ts'
import type { Approvals } from '../approvals/index.ts'
import { type Budgets, type Gate, inForce, type Rules, type SchemaValidator, type SessionBook } from '../gate/index.ts'
import { type Guardrails, type GuardrailWish, onlyRecords, tightened } from '../guardrails/index.ts'
import type { Authenticator } from '../identity/index.ts'
import { follow, type Journal } from '../journal/index.ts'
import type { Clock } from '../kernel/index.ts'
import { type Masker, type Registry, verificationOf } from '../registry/index.ts'
import {
  agentDecider,
  Agents,
  askModel,
  callTool,
  compute,
  Engine,
  engineByDefault,
  type Expressions,
  type Hands,
  Listening,
  type Model,
  type ModelUsage,
  probe,
  type Run,
  Runs,
  StepTokens,
  teamDecider,
  Teams,
  SharedToolPlaces,
  ToolPlaces,
  type Spoken,
  workflowDecider,
  Workflows,
} from '../runs/index.ts'
import type { ClusterHere } from './cluster.ts'

export interface RunParts {
  readonly agents: Agents
  readonly workflows: Workflows
  readonly teams: Teams
  readonly runs: Runs
  readonly stepTokens: StepTokens
  readonly engine: Engine
  readonly listening: Listening
}

/** Everything that executes runs. */
export function runParts({
  stores,
  journal,
  gate,
  approvals,
  authenticator,
  model,
  budgets,
  validator,
  rules,
  guardrails,
  registry,
  expressions,
  sessions,
  masker,
  cluster,
  limits,
  key,
  publicUrl,
  clock,
  onBug,
}: {
  readonly stores: Stores
  readonly journal: Journal
  readonly gate: Gate
  readonly approvals: Approvals
  readonly authenticator: Authenticator
  readonly model: Model
  readonly budgets: Budgets
  readonly validator: SchemaValidator
  readonly rules: Rules
  readonly guardrails: () => Promise<Guardrails>
  readonly registry: Pick<Registry, 'servers'>
  readonly expressions: Expressions
  readonly sessions: SessionBook
  readonly masker: Masker
  readonly cluster: Pick<ClusterHere, 'ears' | 'listened'> | null
  readonly limits: Config['runs']
  /** Signs the addresses at which steps are called. */
  readonly key: Uint8Array
  readonly publicUrl: () => string
  readonly clock: Clock
  readonly onBug: (error: unknown) => void
}): RunParts {
  const termsOf = ({ tenant, session }: Spoken) => (session === null ? null : sessions.terms(tenant, session))
  const guardrailWish = (run: Spoken): GuardrailWish =>
    tightened(rules.guardrailWish(run.tenant), inForce(termsOf(run))?.guardrails)
  const listening = new Listening({
    // What the guardrails would do something about has to be whole first.
    mayBeHeard: run => onlyRecords(guardrailWish(run)),
    conceal: text => masker.maskBegun(text),
    ears: cluster?.ears ?? null,
    onListened: async is => cluster?.listened(is),
    onBug,
  })
  const places = toolPlaces(limits.mostCallsOfTool, { stores, clock, onBug })
  const tools = {
    gate,
    calls: stores.calls,
    approval: (tenant: string, id: string) => approvals.get(tenant, id),
    actingFor: ({ tenant, by }: Run) => authenticator.actingFor(tenant, by),
    // An opened session holds its runs together; any other is but the name of a client's conversation.
    sessionOf: (run: Run) => (termsOf(run) === null ? run.root : run.session!),
    place: (tool: string, signal: AbortSignal) => places.take(tool, signal),
    verification: (tenant: string, tool: string) => verificationOf(registry.servers(tenant), tool),
  }
  const models = {
    model,
    listening,
    conceal: (text: string) => masker.mask(text),
    reserve: async (run: Run, name: string, atMost: ModelUsage) => {
      const principal = await stores.identity.principal(run.by.principal)
      const by = {
        principal: { id: run.by.principal, kind: principal?.kind ?? 'user' },
        agent: run.subject,
        run: run.root,
      }
      const cause = { id: run.id, correlationId: run.correlationId }
      return budgets.reserveModel({ tenant: run.tenant, by, cause, model: name, atMost })
    },
    inspect: async (run: Run, text: string, stage: 'model_input' | 'model_output') => {
      const scan = await (await guardrails()).scan(text, stage, guardrailWish(run))
      const noted = scan.signals.map(({ metric, category, action }) => ({ metric, category, action }))
      return { verdict: scan.verdict, text: scan.verdict === 'redact' ? scan.redacted : text, noted }
    },
  }
  const stepTokens = new StepTokens(key)
  const computing = {
    expressions,
    callbackOf: ({ tenant, id }: Pick<Run, 'tenant' | 'id'>, step: string) =>
      `${publicUrl().replace(/\/$/, '')}/api/runs/callbacks/${stepTokens.write({ tenant, run: id, step })}`,
  }
  const hands: Hands = {
    carry: (run, work, signal, hold) => {
      switch (work.is) {
        case 'tool':
          return callTool(tools, run, work, signal)
        case 'model':
          return askModel(models, run, work, signal, hold)
        case 'compute':
          return compute(computing, run, work, signal)
        case 'probe':
          return probe({ tools, expressions }, run, work, signal)
        default:
          throw work satisfies never
      }
    },
  }
  const deciders = { agent: agentDecider(validator), workflow: workflowDecider, team: teamDecider }
  const parts = { store: stores.runs, journal, deciders, hands, clock }
  const settings = { ...engineByDefault, slots: limits.atOnce, mostOfTenant: limits.mostOfTenant ?? Infinity }
  const engine = new Engine(stores.nodes.id, parts, settings, onBug)
  return {
    agents: new Agents(stores.agents, journal, expressions),
    workflows: new Workflows(stores.workflows, journal, expressions),
    teams: new Teams({ store: stores.teams, agents: stores.agents, journal, expressions }),
    runs: new Runs({ store: stores.runs, journal, engine, deciders, clock }),
    stepTokens,
    engine,
    listening,
  }
}

/** Agreed on with other processes where there may be any. */
function toolPlaces(
  most: number | null,
  { stores, clock, onBug }: { stores: Stores; clock: Clock; onBug: (error: unknown) => void },
): Pick<ToolPlaces | SharedToolPlaces, 'take'> {
  if (most === null || !stores.news) return new ToolPlaces(most ?? Infinity)
  const onHint = (hint: () => void) => stores.journal.onAppended(hint)
  return new SharedToolPlaces({ store: stores.toolPlaces, most, onHint, clock, onBug })
}

/** Lets the engine know soon of whatever makes a run due, wherever it happened; by itself it would look later. Ends with the signal. */
export async function hintEngine({ journal }: Stores, engine: Engine, signal: AbortSignal): Promise<void> {
  for await (const { type } of follow(journal, 'now', signal))
    if (type.startsWith('approval.') || hinting.includes(type)) engine.hint()
}

const hinting = [
  'run.queued',
  'run.forked',
  'run.cancel_requested',
  'run.paused',
  'run.resumed',
  'run.signalled',
  'run.called',
  'wait.answered',
  'tool.settled',
  'child.ended',
]
