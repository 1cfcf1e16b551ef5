import type { Stores } from '../adapters/store-sql/index.ts'
import type { Approvals } from '../approvals/index.ts'
import type { Gate } from '../gate/index.ts'
import type { Authenticator } from '../identity/index.ts'
import { follow, type Journal } from '../journal/index.ts'
import type { Clock } from '../kernel/index.ts'
import { agentDecider, Agents, askModel, callTool, Engine, engineByDefault, type Hands, type Model, Runs } from '../runs/index.ts'

export interface RunParts {
  readonly agents: Agents
  readonly runs: Runs
  readonly engine: Engine
}

/** Everything that executes runs. */
export function runParts({
  stores,
  journal,
  gate,
  approvals,
  authenticator,
  model,
  clock,
  onBug,
}: {
  readonly stores: Stores
  readonly journal: Journal
  readonly gate: Gate
  readonly approvals: Approvals
  readonly authenticator: Authenticator
  readonly model: Model
  readonly clock: Clock
  readonly onBug: (error: unknown) => void
}): RunParts {
  const tools = {
    gate,
    calls: stores.calls,
    approval: (tenant: string, id: string) => approvals.get(tenant, id),
    actingFor: ({ tenant, by }: Parameters<Hands['carry']>[0]) => authenticator.actingFor(tenant, by),
    clock,
  }
  const hands: Hands = {
    carry: (run, work, signal, onDelta) =>
      work.is === 'tool' ? callTool(tools, run, work, signal) : askModel(model, work, signal, onDelta),
  }
  const parts = { store: stores.runs, journal, deciders: { agent: agentDecider }, hands, clock }
  const engine = new Engine({ ...parts, onDelta: () => undefined }, engineByDefault, onBug)
  return {
    agents: new Agents(stores.agents, journal),
    runs: new Runs({ store: stores.runs, journal, engine, clock }),
    engine,
  }
}

/** Wakes the runs that wait for people as soon as those have decided. Ends with the signal. */
export async function wakeRuns({ journal, runs }: Stores, engine: Engine, signal: AbortSignal): Promise<void> {
  for await (const { tenant, stream } of follow(journal, await journal.head(), signal, { topic: 'approval.*' })) {
    await runs.wake(tenant, stream)
    engine.hint()
  }
}
