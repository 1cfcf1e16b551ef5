import { isJsonObject, type JsonObject } from '../kernel/index.ts'
import type { Capability } from './capability.ts'
import { isCutOff } from './sandbox.ts'
import type { EffectClass, Server } from './server.ts'

/**
 * The effect class of a capability, by the first that applies: the operator's word; what the source implies (an OpenAPI
 * method); annotations, of servers that are believed only; `unsafe`. Reading resources and prompts is `read` by the protocol itself.
 */
export function effectOf(server: Server, capability: Capability): EffectClass {
  const pinned = server.tools[capability.name]?.effect
  if (pinned) return pinned
  if (capability.primitive !== 'tool') return 'read'
  if (capability.impliedEffect) return capability.impliedEffect
  if (isBelieved(server)) {
    const hints = annotations(capability)
    if (hints.readOnlyHint === true) return 'read'
    if (hints.idempotentHint === true) return 'idempotent'
  }
  return 'unsafe'
}

/**
 * Whether a capability may reach beyond its server. Only a sandbox in which it cannot, the operator's word, or the
 * explicit `openWorldHint: false` of a server that is believed, says no: a name never does.
 */
export function isOpenWorld(server: Server, capability: Capability): boolean {
  const { connection } = server
  // What the kernel keeps from happening needs nobody's word.
  if (connection.transport === 'stdio' && connection.sandbox && isCutOff(connection.sandbox)) return false
  const pinned = server.tools[capability.name]?.network
  if (pinned !== undefined) return pinned
  return !(isBelieved(server) && annotations(capability).openWorldHint === false)
}

/**
 * What the results of a capability are by their nature, in labels such as `untrusted`. Only tools that come with us say so of
 * themselves (`_meta["castellan/labels"]`): pins do not hold others to it.
 */
export function labelsOf(server: Server, { definition }: Capability): readonly string[] {
  if (server.connection.transport !== 'builtin' || !isJsonObject(definition._meta)) return []
  const given = definition._meta['castellan/labels']
  return Array.isArray(given) ? given.filter(label => typeof label === 'string') : []
}

/** Whether what a server says of its tools is taken for true. Those that come with us are no less trusted than we are. */
function isBelieved({ trusted, connection }: Server): boolean {
  return trusted || connection.transport === 'builtin'
}

function annotations(capability: Capability): JsonObject {
  const { annotations } = capability.definition
  return isJsonObject(annotations) ? annotations : {}
}
