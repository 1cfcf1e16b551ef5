import type { z } from 'zod'
import type * as wire from '@castellan/contracts'
import type { Actor, Identity } from '../identity/index.ts'
import type { JsonObject } from '../kernel/index.ts'
import { pinTeam, type Run } from '../runs/index.ts'
import type { Core } from './core.ts'
import { startIn } from './start-in.ts'

interface Said extends Omit<z.output<typeof wire.startTeam>, 'priority'> {
  readonly priority?: number
  /** The client's conversation. */
  readonly session?: string
}

/** Queues a run of a team for whoever asks, with its agents as they are now. Throws `NOT_FOUND`, `TEAM_INVALID`. */
export async function beginTeam(
  { agents, teams, runs, registry, clock }: Pick<Core, 'agents' | 'teams' | 'runs' | 'registry' | 'clock'>,
  idOrName: string,
  { user_message: message, context, priority = 0, session, ...later }: Said,
  { identity, actor }: { readonly identity: Identity; readonly actor: Actor },
): Promise<Run> {
  const team = await teams.get(identity.tenant, idOrName)
  const definition = pinTeam(team, await agents.list(identity.tenant), registry.offers(identity, { is: 'all' }))
  return runs.start(
    {
      kind: 'team',
      name: team.name,
      subject: team.id,
      definition: definition as unknown as JsonObject,
      input: { message, context: context as JsonObject },
      priority,
      startIn: startIn(later, clock.now()),
      ...(session === undefined ? {} : { session }),
    },
    identity,
    actor,
  )
}
