import type { CallerClient } from '../../gate/index.ts'
import type { JsonObject } from '../../kernel/index.ts'
import type { Caller } from './caller.ts'

/** One request as a method sees it: who asks, and how whoever asks is reached meanwhile. */
export interface Asking {
  readonly caller: Caller
  /** Whether the client speaks a revision up to 2025-11-25. */
  readonly legacy: boolean
  /** Aborts when the client no longer wants the answer. */
  readonly signal: AbortSignal
  readonly client: CallerClient
  /** Tells the client of progress, with its own token. */
  readonly onProgress: ((params: JsonObject) => void) | null
}

/** Answers one kind of request with a result, or throws an `RpcError` or a fault. */
export type Method = (params: JsonObject, asking: Asking) => JsonObject | Promise<JsonObject>
