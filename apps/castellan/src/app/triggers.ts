import type { z } from 'zod'
import * as wire from '@castellan/contracts'
import { cronerCalendar } from '../adapters/calendar-croner/index.ts'
import type { Stores } from '../adapters/store-sql/index.ts'
import type { Actor, Authenticator, Identity } from '../identity/index.ts'
import type { Journal } from '../journal/index.ts'
import { type Clock, fault, type JsonValue } from '../kernel/index.ts'
import type { Registry } from '../registry/index.ts'
import {
  type Agents,
  type Engine,
  type Expressions,
  Ignition,
  type NewRun,
  type Runs,
  type RunWish,
  type Teams,
  TriggerFailures,
  TriggerLoop,
  Triggers,
  type TriggerStart,
  WebhookCalls,
  type Workflows,
} from '../runs/index.ts'

export interface TriggerThings {
  readonly triggers: Triggers
  readonly triggerFailures: TriggerFailures
  readonly webhookCalls: WebhookCalls
  readonly triggerLoop: TriggerLoop
}

interface Given {
  readonly stores: Stores
  readonly journal: Journal
  readonly expressions: Expressions
  readonly authenticator: Authenticator
  readonly agents: Agents
  readonly teams: Teams
  readonly workflows: Workflows
  readonly runs: Runs
  readonly registry: Registry
  readonly engine: Engine
  readonly secret: (tenant: string, name: string) => Promise<string>
  readonly clock: Clock
  /** Most failures that are kept of one trigger. */
  readonly mostKept: number
  readonly onBug: (error: unknown) => void
}

/** Everything that starts runs by itself. */
export function triggerParts(given: Given): TriggerThings {
  const { stores, journal, expressions, authenticator, engine, secret, clock, mostKept, onBug } = given
  const store = stores.triggers
  const calendar = cronerCalendar
  const ignition = new Ignition({
    journal,
    expressions,
    actingFor: (tenant, by) => authenticator.actingFor(tenant, by),
    prepare: (starts, identity, actor) => prepare(given, starts, identity, actor),
  })
  const started = () => engine.hint()
  const triggerLoop = new TriggerLoop({ store, journal, ignition, calendar, clock, mostKept, started, onBug })
  return {
    triggers: new Triggers({ store, journal, expressions, calendar, clock, changed: triggerLoop.changed }),
    triggerFailures: new TriggerFailures({ store, journal, ignition, started }),
    webhookCalls: new WebhookCalls({ store, journal, secret, clock, mostKept }),
    triggerLoop,
  }
}

/** As whoever asks over REST begins one, except that nothing is queued yet. */
async function prepare(
  { agents, teams, workflows, runs, registry, clock }: Given,
  { kind, name, input, priority }: TriggerStart,
  identity: Identity,
  actor: Actor,
): Promise<NewRun> {
  // With the first of them: a node that answers no clients needs nothing else of the surfaces.
  const { beginAgent, beginTeam, beginWorkflow } = await import('../api/index.ts')
  let prepared: NewRun | undefined
  const start = async (wish: RunWish) => {
    prepared = runs.prepare(wish, identity, actor)
    return prepared.run
  }
  const parts = { agents, teams, workflows, registry, clock, runs: { start } }
  switch (kind) {
    case 'agent':
      await beginAgent(parts, name, { ...told(kind, wire.startAgent, input), priority }, { identity, actor })
      break
    case 'team':
      await beginTeam(parts, name, { ...told(kind, wire.startTeam, input), priority }, { identity, actor })
      break
    case 'workflow': {
      const { workflow } = await workflows.get(identity.tenant, name)
      await beginWorkflow(parts, workflow, { input, priority }, { identity, actor })
      break
    }
    default:
      throw kind satisfies never
  }
  return prepared!
}

/** What an agent or a team is told. Throws `TRIGGER_INVALID`. */
function told<Wish extends z.ZodType>(kind: 'agent' | 'team', wish: Wish, input: JsonValue): z.output<Wish> {
  const read = wish.safeParse(typeof input === 'string' ? { user_message: input } : input)
  if (read.success) return read.data
  const { path, message } = read.error.issues[0]!
  const why = `its input is nothing to begin the ${kind} with: ${path.join('.')} ${message}`
  throw fault('TRIGGER_INVALID', { why })
}
