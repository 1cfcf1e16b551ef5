import type { JsonObject } from '../../kernel/index.ts'
import type { SendFailure } from './send-failure.ts'

/** One JSON-RPC message on its way to the server. Our requests have numbers for ids; answers carry what the server chose. */
export interface Message {
  readonly jsonrpc: '2.0'
  readonly id?: string | number
  readonly method?: string
  readonly params?: JsonObject
  readonly result?: JsonObject
  readonly error?: JsonObject
}

/**
 * Told once what became of a message: null when it was handed over; for a request only a failure, when it could not be
 * handed over or its answer can no longer come. What answers it comes by {@link Receiver.message}.
 */
export type Settled = (failure: SendFailure | null) => void

/** Who a transport hands on to what comes from the server. */
export interface Receiver {
  /** `request` is our request on whose own stream it came; null on a channel that all share. */
  message(message: JsonObject, request: number | null): void
  /** Something came that is no message; `what` is a public sentence and quotes nothing of it. */
  stray(what: string): void
  /** The transport has closed, whoever closed it; told once. The reason may quote the server. */
  ended(reason: string): void
}

/** Carries JSON-RPC messages to one server and back, whatever revision they are of. */
export interface Transport {
  /** Whether each request has a stream of its own, and headers. */
  readonly hasRequestStreams: boolean
  /** Whether the server gave the connection a session that it may forget. */
  readonly hasSession: boolean
  /** Connects. Rejects with a {@link SendFailure} or a fault. */
  start(receiver: Receiver): Promise<void>
  /** Sends a message. Never throws. */
  send(message: Message, settled: Settled, headers?: Readonly<Record<string, string>>): void
  /** Nothing of this request is waited for any more: what it holds is freed, and nobody is told. */
  release?(request: number): void
  /** While a client is being asked, the server may be silent about its request for as long as that takes. */
  expectSilence?(request: number, expected: boolean): void
  /** The revision all messages are of from now on. */
  speak?(revision: string, era: Era): void
  /** Idempotent; resolves when nothing of it is left. */
  close(): Promise<void>
}

/** `legacy`: revisions up to 2025-11-25, greeted by `initialize`; `modern`: 2026-07-28, stateless, asked by `server/discover`. */
export type Era = 'legacy' | 'modern'
