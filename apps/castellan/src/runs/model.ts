import type { JsonObject, JsonValue } from '../kernel/index.ts'

/**
 * The port behind which language models are. One request is one step of a model: it may ask for tools and never runs one.
 * Nothing is repeated here and no other model is asked instead; that is for whoever keeps the journal. Every adapter passes
 * `model.testsuite.ts`.
 */
export interface Model {
  /**
   * Resolves with the whole answer; `onDelta` hears the text as it comes, if the model tells it piece by piece.
   * Throws `MODEL_UNKNOWN` when nobody offers the model, `MODEL_UNAVAILABLE` when asking again later may help (no connection,
   * an answer that is none, 408, 409, 425, 429 and 5xx; `status` and `retry_after_ms` in its details when the provider said
   * them), and `MODEL_REFUSED` when it will not. None of them says a secret or a prompt. Once the signal is aborted it throws the
   * signal's reason within moments, and no delta comes any more.
   */
  step(request: ModelRequest, signal: AbortSignal, onDelta?: (delta: ModelDelta) => void): Promise<ModelReply>
}

/** A model with something behind it that has to be ended. */
export interface ModelProvider extends Model {
  /** Ends what is under way and every connection. Idempotent. */
  close(): Promise<void>
}

export interface ModelRequest {
  /** `provider/model`, as in the settings; what follows the first slash is the provider's own name of it. */
  readonly model: string
  readonly messages: readonly Message[]
  readonly tools: readonly ToolOffer[]
  /** `none`: it must answer and may not ask for tools, though it can see which there were. */
  readonly toolChoice: 'auto' | 'none'
  /** JSON Schema of the answer; null for prose. */
  readonly output: JsonObject | null
  readonly temperature: number | null
  /** Tokens of the answer, at most; null for what the provider allows. */
  readonly maxTokens: number | null
}

/** What has been said so far. These are kept in journals for years, so they are ours and no library's. */
export type Message =
  | { readonly role: 'system' | 'user'; readonly text: string }
  | { readonly role: 'assistant'; readonly text: string; readonly calls: readonly ToolCall[] }
  /** What became of a tool call. */
  | {
      readonly role: 'tool'
      readonly call: string
      readonly tool: string
      readonly text: string
      readonly isError: boolean
    }

export interface ToolOffer {
  /** Letters, digits, `_` and `-`, at most 64: what every provider takes. */
  readonly name: string
  readonly description: string
  /** JSON Schema of the arguments. */
  readonly schema: JsonObject
}

/** A tool the model asks for. Its arguments are as the model gave them, valid or not. */
export interface ToolCall {
  /** Unique in its conversation. */
  readonly id: string
  readonly tool: string
  /** The text itself when it was no JSON. */
  readonly args: JsonValue
}

export interface ModelReply {
  readonly text: string
  readonly calls: readonly ToolCall[]
  /** `length`: it was cut at the limit of tokens. `filtered`: the provider keeps the answer back. */
  readonly finish: 'stop' | 'calls' | 'length' | 'filtered'
  readonly usage: ModelUsage
  /** The model as the provider names what answered. */
  readonly answeredBy: string
}

export interface ModelUsage {
  readonly input: number
  readonly output: number
  /** Of the input, what the provider had at hand. */
  readonly cached: number
  /** Whether the provider did not count and these are guesses by length. */
  readonly guessed: boolean
}

/** A piece of an answer while it is made. */
export type ModelDelta = { readonly is: 'text' | 'reasoning'; readonly text: string }
