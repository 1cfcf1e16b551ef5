import type { JsonObject } from '../../kernel/index.ts'
import type { Primitive } from '../../registry/index.ts'
import type { Rule } from './rules.ts'

/** What an agent tells its model at most, unless its owner says otherwise. */
export const CONTEXT_TOKENS = 100_000

/** An agent as its owner describes it. What a run of it executes is made of this, and of what is there for its caller then. */
export interface Agent {
  readonly id: string
  readonly tenant: string
  /** Unique in its tenant. */
  readonly name: string
  readonly description: string
  readonly system: string
  /** None of one that goes by rules. `provider/model`: the first is asked, the others in turn when it is not to be had. */
  readonly models: readonly string[]
  /** In place of models; absent for an agent that has some. */
  readonly rules?: readonly Rule[]
  readonly temperature: number | null
  readonly maxTokens: number | null
  /** Tokens that it tells its model at most, by lengths. Absent, as in what was stored before there was a choice: {@link CONTEXT_TOKENS}. */
  readonly contextTokens?: number
  readonly tools: readonly AssignedTool[]
  /** Names of servers of which it may use everything that its caller may. */
  readonly servers: readonly string[]
  readonly maxIterations: number
  /** Milliseconds. */
  readonly timeout: number
  readonly toolTimeout: number
  /** JSON Schema; null for prose. */
  readonly output: JsonObject | null
  readonly version: number
}

export type AgentSpec = Omit<Agent, 'id' | 'tenant' | 'version'>

export interface AssignedTool {
  /** As its server names it. */
  readonly name: string
  /** Name of the server. */
  readonly server: string
  readonly primitive: Primitive
  /** For the model, in place of what the server says; null for that. */
  readonly description: string | null
}
