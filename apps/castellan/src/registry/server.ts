import type { JsonObject } from '../kernel/index.ts'
import type { Pinning } from './pins/pinning.ts'
import type { SandboxSettings } from './sandbox.ts'

export const transports = [
  'builtin',
  'stdio',
  'streamable-http',
  'sse',
  'websocket',
  'http-adapter',
  'openapi',
] as const
export type Transport = (typeof transports)[number]

/** A secret by reference; the value exists in the clear only inside the connection it is for. */
export type SecretRef =
  /** Kept in our store, encrypted; the name is unique in its tenant. */
  | { readonly secret: string }
  /** Read from the environment of the control plane when a connection opens. */
  | { readonly env: string }
  /** Read then from a file below the folder of the setting `secrets.files`. */
  | { readonly file: string }
  /** Read then from a vault: the path of a secret below that of the setting `secrets.vault.path`, and a field of it. */
  | { readonly vault: string; readonly field: string }

export interface Timeouts {
  /** All in milliseconds. */
  readonly connect: number
  readonly read: number
  readonly write: number
  /** Longest wait for a free connection or a free place among the calls under way. */
  readonly pool: number
  /** Longest time for one tool call, retries included. */
  readonly call: number
}

export const defaultTimeouts: Timeouts = { connect: 10_000, read: 60_000, write: 10_000, pool: 5_000, call: 30_000 }

/** What may be retried: `read` changes nothing, `idempotent` may be repeated, `unsafe` must not be. */
export type EffectClass = 'read' | 'idempotent' | 'unsafe'

/** How it is found out whether a call took effect whose end nobody saw. Texts that begin with `=` are expressions. */
export interface Verification {
  /** A tool of the same server that only reads, by its original name. */
  readonly tool: string
  /** Its arguments; expressions speak of the `args` of the call. */
  readonly args: JsonObject
  /** Whether the call took effect: an expression of the `args` of the call, and the `result` and `text` of the answer. */
  readonly happened: string
  /** What the call would have answered, likewise; null when nobody can say. */
  readonly result: string | null
  /** Milliseconds for which the server may still be at a call that nobody waits for any more. */
  readonly after: number
}

/** An operator's word on one tool; it outranks whatever the server says of itself. */
export interface ToolSettings {
  readonly effect?: EffectClass
  /** Whether the tool reaches beyond the server's own data (an open world). */
  readonly network?: boolean
  /** Milliseconds; outranks the server's `call` timeout. */
  readonly timeout?: number
  readonly verify?: Verification
}

/** How to become known to the authorization server a server names. Source: MCP 2025-11-25 and 2026-07-28, authorization. */
export interface OAuthSettings<Secret = SecretRef> {
  readonly type: 'oauth'
  /** Of a client that was registered by hand; without one we present the metadata URL, or register ourselves. */
  readonly clientId: string | null
  readonly clientSecret: Secret | null
  /** The only authorization server to be spoken to; null for whichever the server names. */
  readonly issuer: string | null
  /** Asked for in any case, besides what the server asks for. */
  readonly scopes: readonly string[]
  /** Where a document about us is published (client ID metadata document), for authorization servers that take its URL. */
  readonly clientMetadataUrl: string | null
}

/** How far connections that are made for a server may go beyond the places its settings name. */
export interface EgressSettings {
  /**
   * The other hosts that may be asked because the server names them (its OAuth metadata, its OpenAPI document): names, and
   * `*.example.com` for all below one; null for any that is public.
   */
  readonly hosts: readonly string[] | null
  /** Whether addresses that are not public may be connected to, whoever named them. */
  readonly allowPrivate: boolean
}

/** Of servers that are reached over the network. */
interface OverNetwork {
  readonly headers: Readonly<Record<string, SecretRef>>
  /** Absent, as in what was stored before there was a choice, for public addresses and those the settings name. */
  readonly egress?: EgressSettings
}

export type Connection =
  | {
      readonly transport: 'builtin'
      /** Which of the tool servers that come with the control plane. */
      readonly builtin: string
      /** As its schema wants them, in the words of the wire. */
      readonly settings: JsonObject
    }
  | {
      readonly transport: 'stdio'
      readonly command: string
      readonly args: readonly string[]
      /** Working directory; the control plane's own when null. */
      readonly cwd: string | null
      readonly env: Readonly<Record<string, SecretRef>>
      /** How many processes share the calls. */
      readonly replicas: number
      /** Absent for none: the process may do what the control plane may. */
      readonly sandbox?: SandboxSettings
    }
  | (OverNetwork & {
      readonly transport: 'streamable-http' | 'sse' | 'websocket' | 'http-adapter'
      /** One URL for each replica. */
      readonly endpoints: readonly string[]
      /** Only of the transports that carry MCP over HTTP. */
      readonly auth?: OAuthSettings
    })
  | (OverNetwork & {
      readonly transport: 'openapi'
      /** URL or absolute path of an OpenAPI 3.x document, JSON or YAML. */
      readonly document: string
      /** Base URLs, one for each replica; empty means those of the document. */
      readonly endpoints: readonly string[]
    })

/** Of a server that is reached by URL. */
export type RemoteConnection = Extract<Connection, OverNetwork>

/** An upstream server: how to reach it and how far to believe it. */
export interface Server {
  readonly id: string
  readonly tenant: string
  /** Unique in its tenant; the first half of the names its tools get. */
  readonly name: string
  readonly description: string
  readonly connection: Connection
  readonly timeouts: Timeouts
  /** Whether its own annotations (read-only, idempotent, open world) are believed. */
  readonly trusted: boolean
  readonly tools: Readonly<Record<string, ToolSettings>>
  /** How strictly its definitions are held to their pins. Absent, as in what was stored before there were any: `enforce`. */
  readonly pinning?: Pinning
  /**
   * Whether no two clients share a connection to it, so that it may ask each of them anything at any time, and knows its
   * roots. Absent, as in what was stored before there was a choice, they do.
   */
  readonly perClient?: boolean
  /** Most calls under way at once on one replica. */
  readonly maxConcurrent: number
  /** Milliseconds between probes, and between failed ones and the quarantine of `inactive`. */
  readonly probeEvery: number
  /** Most attempts for a call that may be retried, the first included. */
  readonly maxAttempts: number
  readonly version: number
  readonly createdAt: string
  readonly updatedAt: string
}

/**
 * `active`: the last probe succeeded; `error`: it failed; `inactive`: three or more failed in a row; `needs_authorization`: it
 * lets nobody in until a person has authorized us; `unknown`: none yet.
 */
export type HealthStatus = 'unknown' | 'active' | 'error' | 'inactive' | 'needs_authorization'

export interface Health {
  readonly status: HealthStatus
  readonly failures: number
  readonly checkedAt: string | null
  /** Milliseconds of the last successful probe. */
  readonly latency: number | null
  /** Why the last probe failed; free of secrets. */
  readonly reason: string | null
}
