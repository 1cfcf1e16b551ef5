import type { Digest, JsonObject } from '../kernel/index.ts'
import type { Identity } from '../identity/index.ts'
import type { Capability, EffectClass, Server } from '../registry/index.ts'

/** The requests that touch a server, by their MCP method. */
export type CallMethod =
  'tools/call' | 'resources/read' | 'resources/subscribe' | 'prompts/get' | 'completion/complete' | TaskMethod

/** What is asked about a task that an earlier call of a tool became. */
export type TaskMethod = 'tasks/get' | 'tasks/update' | 'tasks/cancel'

/** What a client sends along when it repeats a request that a server answered with a wish for more input. */
export interface GivenInput {
  /** The answers, by the names the server gave its questions. */
  readonly responses: JsonObject
  /** What the server wants back as it gave it; null when it gave nothing. */
  readonly state: string | null
}

/** What comes with a call and is not its arguments. */
export interface CallContext {
  readonly correlationId: string
  readonly causationId: string | null
  /** The client's session or conversation, for step limits; null when it has none. */
  readonly sessionId: string | null
  /** The run the call is a step of, as its caller names it, for budgets; absent when it is of none. */
  readonly runId?: string
  /** The agent at work, for budgets; absent when it is none of ours. */
  readonly agentId?: string
  readonly idempotencyKey: string | null
  readonly dryRun: boolean
  /** The surface it came through. */
  readonly via: 'mcp' | 'rest' | 'cli' | 'run'
  /** `_meta` of the request, passed through as it came, without what belongs to the hop. */
  readonly meta: JsonObject | null
}

/** One frozen request to use a capability: what is judged is what runs. */
export interface Call {
  readonly id: string
  readonly identity: Identity
  readonly server: Server
  readonly capability: Capability
  readonly method: CallMethod
  /** Canonical and frozen all the way down. */
  readonly args: JsonObject
  readonly argsDigest: Digest
  readonly effect: EffectClass
  /** Whether the capability may reach beyond its server. */
  readonly openWorld: boolean
  /** What the server asked for when it was asked the same before; null when this is the first time. */
  readonly input: GivenInput | null
  readonly context: CallContext
  /** The idempotency key as its server gets it: the same for the same tenant, principal and key, and for no others. */
  readonly upstreamKey: string | null
  /** Over tenant, principal, server, capability and its definition, method, arguments and given input. */
  readonly digest: Digest
}
