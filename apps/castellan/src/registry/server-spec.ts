import type { JsonObject } from '../kernel/index.ts'
import type { Pinning } from './pins/pinning.ts'
import type { SandboxSettings } from './sandbox.ts'
import type { EgressSettings, OAuthSettings, SecretRef, Server, Timeouts, ToolSettings, Transport } from './server.ts'

/** A secret as someone hands it in: by reference, or in the clear to be sealed at once. */
export type SecretInput = SecretRef | { readonly value: string }

/** What someone says about a server; identity, version and times are ours. */
export interface ServerSpec {
  readonly name: string
  readonly description: string
  readonly connection: ConnectionSpec
  readonly timeouts: Partial<Timeouts>
  readonly trusted: boolean
  readonly tools: Readonly<Record<string, ToolSettings>>
  readonly pinning?: Pinning
  readonly perClient?: boolean
  readonly maxConcurrent?: number
  readonly probeEvery?: number
  readonly maxAttempts?: number
}

export type ConnectionSpec =
  | { readonly transport: 'builtin'; readonly builtin: string; readonly settings: JsonObject }
  | {
      readonly transport: 'stdio'
      readonly command: string
      readonly args: readonly string[]
      readonly cwd: string | null
      readonly env: Readonly<Record<string, SecretInput>>
      readonly replicas: number
      readonly sandbox?: SandboxSettings
    }
  | {
      readonly transport: Exclude<Transport, 'builtin' | 'stdio' | 'openapi'>
      readonly endpoints: readonly string[]
      readonly headers: Readonly<Record<string, SecretInput>>
      readonly egress?: EgressSettings
      readonly auth?: OAuthSettings<SecretInput>
    }
  | {
      readonly transport: 'openapi'
      readonly document: string
      readonly endpoints: readonly string[]
      readonly headers: Readonly<Record<string, SecretInput>>
      readonly egress?: EgressSettings
    }

export const serverDefaults = {
  pinning: 'enforce',
  perClient: false,
  maxConcurrent: 64,
  probeEvery: 30_000,
  maxAttempts: 3,
} as const

/** Of a server that is reached by URL. */
export type RemoteSpec = Extract<ConnectionSpec, { readonly endpoints: unknown }>

/** The environment variables or headers of a connection. */
export function secretsOf(connection: Server['connection']): Readonly<Record<string, SecretRef>> {
  if (connection.transport === 'builtin') return {}
  return connection.transport === 'stdio' ? connection.env : connection.headers
}
