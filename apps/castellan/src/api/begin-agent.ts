import type { z } from 'zod'
import type * as wire from '@castellan/contracts'
import type { Actor, Identity } from '../identity/index.ts'
import type { JsonObject } from '../kernel/index.ts'
import { definitionOf, type Run, type Runs } from '../runs/index.ts'
import type { Core } from './core.ts'
import { startIn } from './start-in.ts'

interface Said extends Omit<z.output<typeof wire.startAgent>, 'priority'> {
  readonly priority?: number
  /** The client's conversation. */
  readonly session?: string
}

/** Queues a run of an agent for whoever asks, with the tools of it that are there for them. Throws `NOT_FOUND`. */
export async function beginAgent(
  {
    agents,
    runs,
    registry,
    clock,
  }: Pick<Core, 'agents' | 'registry' | 'clock'> & { readonly runs: Pick<Runs, 'start'> },
  idOrName: string,
  { user_message: message, context, timeout_seconds: seconds, priority = 0, session, ...later }: Said,
  { identity, actor }: { readonly identity: Identity; readonly actor: Actor },
): Promise<Run> {
  const agent = await agents.get(identity.tenant, idOrName)
  const timeout = seconds === undefined ? undefined : seconds * 1_000
  const { definition } = definitionOf(agent, registry.offers(identity, { is: 'all' }), timeout)
  return runs.start(
    {
      kind: 'agent',
      name: agent.name,
      subject: agent.id,
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
