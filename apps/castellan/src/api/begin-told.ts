import type { z } from 'zod'
import type * as wire from '@castellan/contracts'
import type { Actor, Identity } from '../identity/index.ts'
import type { JsonObject } from '../kernel/index.ts'
import { definitionOf, pinTeam, type Run, type Runs } from '../runs/index.ts'
import type { Core } from './core.ts'
import { startIn } from './start-in.ts'

/** What a team is told; an agent is told how long it may take, too. */
interface Told extends Omit<z.output<typeof wire.startTeam>, 'priority'> {
  readonly priority?: number
  /** The client's conversation. */
  readonly session?: string
}

interface AgentTold extends Told {
  readonly timeout_seconds?: number | undefined
}

interface By {
  readonly identity: Identity
  readonly actor: Actor
}

type Parts = Pick<Core, 'agents' | 'registry' | 'clock'> & { readonly runs: Pick<Runs, 'start'> }

/** Queues a run of an agent for whoever asks, with the tools of it that are there for them. Throws `NOT_FOUND`. */
export async function beginAgent(
  parts: Parts,
  idOrName: string,
  { timeout_seconds: seconds, ...told }: AgentTold,
  by: By,
): Promise<Run> {
  const agent = await parts.agents.get(by.identity.tenant, idOrName)
  const timeout = seconds === undefined ? undefined : seconds * 1_000
  const { definition } = definitionOf(agent, parts.registry.offers(by.identity, { is: 'all' }), timeout)
  return begin(parts, { kind: 'agent', name: agent.name, subject: agent.id, definition }, told, by)
}

/** Queues a run of a team for whoever asks, with its agents as they are now. Throws `NOT_FOUND`, `TEAM_INVALID`. */
export async function beginTeam(
  parts: Parts & Pick<Core, 'teams'>,
  idOrName: string,
  told: Told,
  by: By,
): Promise<Run> {
  const { tenant } = by.identity
  const team = await parts.teams.get(tenant, idOrName)
  const definition = pinTeam(team, await parts.agents.list(tenant), parts.registry.offers(by.identity, { is: 'all' }))
  return begin(parts, { kind: 'team', name: team.name, subject: team.id, definition }, told, by)
}

function begin(
  { runs, clock }: Parts,
  what: {
    readonly kind: 'agent' | 'team'
    readonly name: string
    readonly subject: string
    readonly definition: object
  },
  { user_message: message, context, priority = 0, session, ...later }: Told,
  { identity, actor }: By,
): Promise<Run> {
  return runs.start(
    {
      ...what,
      definition: what.definition as JsonObject,
      input: { message, context: context as JsonObject },
      priority,
      startIn: startIn(later, clock.now()),
      ...(session === undefined ? {} : { session }),
    },
    identity,
    actor,
  )
}
