import { digestJson, type JsonObject } from '../../kernel/index.ts'
import type { Call } from '../call.ts'
import type { CallIo } from '../connector.ts'

/** The client that has connections for itself, and what it can do. */
export interface Lane {
  readonly client: string
  readonly announces: JsonObject
}

/**
 * Where a call to a server goes that gives each client connections of its own; null for calls that go where all go, as those of
 * nobody who could be asked.
 *
 * A client without a session is a new one with every call, and cannot be known again. So what was opened for its principal is
 * used one after the other: `isTaken` says whether somebody is at it.
 */
export function laneFor(
  { server, identity, method }: Call,
  { client }: Pick<CallIo, 'client'>,
  isTaken: (client: string) => boolean,
): Lane | null {
  if (server.perClient !== true || client === null || method === 'resources/subscribe') return null
  const announces = announced(client.capabilities)
  if (!client.takesInputRequired) return { client: laneOfSession(client.id), announces }
  const owner = `principal ${identity.principal.id} ${digestJson(announces)}`
  for (let number = 1; ; number++) {
    const name = `${owner} ${number}`
    if (!isTaken(name)) return { client: name, announces }
  }
}

/** What the lanes of a session are called. */
export function laneOfSession(id: string): string {
  return `session ${id}`
}

/** What servers may want of their client; that roots change is not passed on. */
function announced({ elicitation, sampling, roots }: JsonObject): JsonObject {
  return {
    ...(elicitation === undefined ? {} : { elicitation }),
    ...(sampling === undefined ? {} : { sampling }),
    ...(roots === undefined ? {} : { roots: {} }),
  }
}
