import type { JsonObject } from '../kernel/index.ts'
import type { UpstreamError } from './verdict.ts'

/** A client comes back to a call that waits for it. */
export interface Return {
  /** Of the call, where it waits. */
  readonly id: string
  /** Answers by the names of the questions. */
  readonly responses: JsonObject
  /** What the client wants to be told of progress under; null when it does not. */
  readonly progressToken: string | number | null
}

/** How far a call went on that its client has come back to. */
export type WentOn =
  | { readonly is: 'done'; readonly result: JsonObject }
  /** There was more to ask, and it waits again. */
  | { readonly is: 'asked'; readonly id: string; readonly inputRequests: JsonObject }
  | { readonly is: 'error'; readonly error: UpstreamError }
  /** No call of that id waits there. */
  | { readonly is: 'unknown' }
  /** The node was reached and then lost: nobody saw the end of the call. */
  | { readonly is: 'lost' }

/** Goes on with a call that waits here; `say` is given what its client is told meanwhile, the signal gives the call up. Never throws. */
export type GoOn = (back: Return, say: (text: string) => void, signal: AbortSignal) => Promise<WentOn>

/** The port through which clients come back by one node to calls that wait for them on another. */
export interface WaitingCalls {
  /** Where others find the calls that wait here; null when they cannot. */
  address(): Promise<string | null>
  /** Says what goes on with them, from now on. */
  welcome(goOn: GoOn): void
  /** Goes on with one that waits at an address; as {@link GoOn}. */
  goOn(address: string, ...back: Parameters<GoOn>): ReturnType<GoOn>
}
