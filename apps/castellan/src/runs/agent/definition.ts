import type { JsonObject, JsonValue } from '../../kernel/index.ts'
import type { Rule } from './rules.ts'

/** What an agent run executes: the agent as it was when the run began, with the tools it could use then. */
export interface AgentDefinition {
  readonly name: string
  readonly system: string
  /** None of an agent that goes by rules. `provider/model`, in the order in which they are asked: the next when the one before is not available. */
  readonly models: readonly string[]
  readonly temperature: number | null
  /** Tokens of one answer. */
  readonly maxTokens: number | null
  /** What decides in place of a model, when it has none. */
  readonly rules?: readonly Rule[]
  /** Tokens of a question to the model, by lengths; absent in what began before there was a bound. */
  readonly contextTokens?: number
  readonly tools: readonly AgentTool[]
  /** JSON Schema of the final answer; null for prose. */
  readonly output: JsonObject | null
  /** Times the model is asked before it has to hand back what it has. */
  readonly maxIterations: number
  /** Milliseconds of the whole run; then it has to hand back what it has. */
  readonly timeout: number
  /** Milliseconds of one tool call. */
  readonly toolTimeout: number
}

/** An agent as something that names it has it. */
export interface PinnedAgent {
  readonly id: string
  readonly definition: AgentDefinition
}

export interface AgentTool {
  /** As the model knows it: letters, digits, `_` and `-`. */
  readonly name: string
  /** As the gate knows it. */
  readonly exposed: string
  readonly description: string
  readonly schema: JsonObject
}

export interface AgentInput {
  readonly message: string
  /** What the agent should know besides, as it was given. */
  readonly context: JsonValue
}

/** What an agent run ends with. */
export interface AgentOutput {
  readonly response: string
  /** The answer as its schema wants it; null for prose. */
  readonly structured: JsonValue
  /** Why it had to hand back what it had: null when it was done. */
  readonly cut: 'iterations' | 'timeout' | 'loop' | 'length' | null
  readonly model: string
  readonly usage: {
    readonly input: number
    readonly output: number
    readonly cached: number
    readonly guessed: boolean
  }
  readonly iterations: number
}
