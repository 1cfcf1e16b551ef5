import { isJsonObject, type JsonObject } from '../kernel/index.ts'
import type { Capability } from './capability.ts'
import { isCutOff } from './sandbox.ts'
import type { EffectClass, Server } from './server.ts'

/**
 * The effect class of a capability, by the first that applies: the operator's word; what the source implies (an OpenAPI
 * method); annotations, of trusted servers only; `unsafe`. Reading resources and prompts is `read` by the protocol itself.
 */
export function effectOf(server: Server, capability: Capability): EffectClass {
  const pinned = server.tools[capability.name]?.effect
  if (pinned) return pinned
  if (capability.primitive !== 'tool') return 'read'
  if (capability.impliedEffect) return capability.impliedEffect
  if (server.trusted) {
    const hints = annotations(capability)
    if (hints.readOnlyHint === true) return 'read'
    if (hints.idempotentHint === true) return 'idempotent'
  }
  return 'unsafe'
}

/**
 * Whether a capability may reach beyond its server. Only a sandbox in which it cannot, the operator's word, or a trusted server's
 * explicit `openWorldHint: false`, says no: a name never does.
 */
export function isOpenWorld(server: Server, capability: Capability): boolean {
  const { connection } = server
  // What the kernel keeps from happening needs nobody's word.
  if (connection.transport === 'stdio' && connection.sandbox && isCutOff(connection.sandbox)) return false
  const pinned = server.tools[capability.name]?.network
  if (pinned !== undefined) return pinned
  return !(server.trusted && annotations(capability).openWorldHint === false)
}

function annotations(capability: Capability): JsonObject {
  const { annotations } = capability.definition
  return isJsonObject(annotations) ? annotations : {}
}
