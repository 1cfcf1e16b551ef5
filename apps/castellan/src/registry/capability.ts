import type { Digest, JsonObject } from '../kernel/index.ts'
import type { EffectClass } from './server.ts'

export type Primitive = 'tool' | 'resource' | 'template' | 'prompt'

/** Something a server offers, as it described it. */
export interface Capability {
  readonly server: string
  readonly primitive: Primitive
  /** Original name: of a tool or prompt its name, of a resource its URI, of a template its URI template. */
  readonly name: string
  /** The definition exactly as discovered: unknown fields, `_meta` and annotations included. */
  readonly definition: JsonObject
  /** Fingerprint of the definition. */
  readonly digest: Digest
  /** What the source itself knows of the effect (an OpenAPI method), before operator and annotations are asked. */
  readonly impliedEffect: EffectClass | null
}

/** What one discovery of a server brought. */
export interface Discovery {
  readonly capabilities: readonly Capability[]
  /** As announced in initialize or discover, such as `{ tools: { listChanged: true } }`. */
  readonly serverCapabilities: JsonObject
  readonly serverInfo: JsonObject
  readonly instructions: string | null
  /** Protocol revision spoken, such as `2025-11-25`; null for servers that are not MCP. */
  readonly protocolVersion: string | null
  /** How long the lists may be trusted, milliseconds; null when the server does not say. */
  readonly ttl: number | null
  /** Things an operator should know, such as a tool left out because its definition is invalid. */
  readonly warnings: readonly string[]
}

/** The stored result of the newest discovery of a server. */
export interface Catalog extends Discovery {
  /** Id of the server. */
  readonly server: string
  readonly discoveredAt: string
}
