import type { JSONRPCMessage, Transport, TransportSendOptions } from '@modelcontextprotocol/client'
import { isJsonObject, type JsonObject, type JsonValue } from '../../kernel/index.ts'
import type { Reply } from '../../gate/index.ts'
import { SendFailure, sendFailure } from './send-failure.ts'

/** An SDK transport that can say why it closed. Its `close` is idempotent and resolves when nothing of it is left. */
export type SessionTransport = Transport & { readonly closeReason?: string | null }

export interface WireRequest {
  readonly method: string
  readonly params: JsonObject
  readonly signal: AbortSignal
  readonly onProgress: ((params: JsonObject) => void) | null
  readonly headers?: Readonly<Record<string, string>>
}

/** The SDK counts its own requests from 0; ids from here on are ours, and their answers never reach the SDK. */
const FIRST_ID = 1_000_000_000

interface Pending {
  readonly settle: (reply: Reply) => void
  readonly onProgress: ((params: JsonObject) => void) | null
}

/**
 * A transport with a second user besides the SDK's client. The client greets the server and answers it; our requests go
 * past the client, because it validates results against schemas (which loses what it does not know), has timeouts of its
 * own, and drops a progress notification that arrives together with the result.
 */
export class Wire implements Transport {
  onclose?: (() => void) | undefined
  onerror?: ((error: Error) => void) | undefined
  onmessage?: Transport['onmessage']

  /** Raw result of `initialize` or `server/discover`, whichever greeted the server. */
  greeting: JsonObject = {}
  /** Why the transport closed, when nobody here asked it to. */
  lost: string | null = null
  /** Resolves with the reason once the transport has closed. */
  readonly closed: Promise<string>

  readonly #inner: SessionTransport
  readonly #onNotification: (method: string, params: JsonObject) => void
  readonly #pending = new Map<number, Pending>()
  readonly #greetingIds = new Set<string | number>()
  readonly #settleClosed: (reason: string) => void
  #reason: string | null = null
  #closing = false
  #nextId = FIRST_ID
  /** Adds what the negotiated revision wants in every request's `_meta`. */
  #envelope: JsonObject | null = null

  constructor(inner: SessionTransport, onNotification: (method: string, params: JsonObject) => void) {
    this.#inner = inner
    this.#onNotification = onNotification
    const { promise, resolve } = Promise.withResolvers<string>()
    this.closed = promise
    this.#settleClosed = resolve
    inner.onmessage = (message, extra) => this.#receive(message, extra)
    inner.onerror = error => this.onerror?.(error)
    inner.onclose = () => {
      const reason = inner.closeReason ?? 'the server closed the connection'
      if (!this.#closing) this.lost ??= reason
      this.#end(reason)
    }
  }

  get sessionId(): string | undefined {
    return this.#inner.sessionId
  }

  get hasPerRequestStream(): boolean {
    return this.#inner.hasPerRequestStream === true
  }

  /** Turns on the stateless revisions' rules: an envelope in every message, and cancelling by closing the stream. */
  speakModern(envelope: JsonObject): void {
    this.#envelope = envelope
  }

  setProtocolVersion(version: string): void {
    this.#inner.setProtocolVersion?.(version)
  }

  setSupportedProtocolVersions(versions: string[]): void {
    this.#inner.setSupportedProtocolVersions?.(versions)
  }

  start(): Promise<void> {
    return this.#inner.start()
  }

  /** For the SDK's client. */
  async send(message: JSONRPCMessage, options?: TransportSendOptions): Promise<void> {
    if (
      'method' in message &&
      'id' in message &&
      (message.method === 'initialize' || message.method === 'server/discover')
    ) {
      this.#greetingIds.add(message.id)
    }
    await this.#inner.send(message, options)
  }

  async close(): Promise<void> {
    this.#closing = true
    await this.#inner.close()
    this.#end('it was closed by the control plane')
  }

  /** Ends the session for a reason found in an answer; the transport is closed in the background. */
  fail(reason: string): void {
    this.#closing = true
    this.#end(reason)
    this.#inner.close().catch(() => {})
  }

  /** Sends a request past the client and resolves with whatever becomes of it; never rejects. */
  request({ method, params, signal, onProgress, headers }: WireRequest): Promise<Reply> {
    if (this.#reason !== null) return Promise.resolve(broken(false, true, this.#reason))
    if (signal.aborted) return Promise.resolve(broken(false, false, 'it was cancelled before it was sent'))
    const { promise, resolve } = Promise.withResolvers<Reply>()
    const id = this.#nextId++
    const stream = new AbortController()
    const settle = (reply: Reply): void => {
      if (!this.#pending.delete(id)) return
      signal.removeEventListener('abort', cancel)
      resolve(reply)
    }
    const cancel = (): void => {
      settle(broken(true, false, 'it was cancelled'))
      this.#cancel(id, stream)
    }
    this.#pending.set(id, { settle, onProgress })
    signal.addEventListener('abort', cancel, { once: true })
    const message = {
      jsonrpc: '2.0' as const,
      id,
      method,
      params: this.#enveloped(params, onProgress === null ? null : id),
    }
    this.#inner
      .send(message, {
        requestSignal: stream.signal,
        onRequestStreamEnd: () => settle(broken(true, true, 'the stream ended before the answer')),
        ...(headers !== undefined && { headers }),
      })
      .catch((error: unknown) => this.#refused(id, settle, error))
    return promise
  }

  /** The abort is already answered; this tells the server, in the way of its revision, and frees the stream. */
  #cancel(id: number, stream: AbortController): void {
    if (this.#envelope !== null && this.hasPerRequestStream) return stream.abort()
    const params = this.#enveloped({ requestId: id, reason: 'cancelled by the caller' }, null)
    this.#inner
      .send({ jsonrpc: '2.0', method: 'notifications/cancelled', params })
      .catch(() => {})
      // A server that honours the notification never answers, so an HTTP stream would stay open for ever.
      .finally(() => stream.abort())
  }

  #enveloped(params: JsonObject, progressToken: number | null): Record<string, JsonValue> {
    const given = isJsonObject(params._meta) ? params._meta : {}
    const meta = { ...given, ...this.#envelope, ...(progressToken !== null && { progressToken }) }
    const { _meta, ...rest } = params
    return Object.keys(meta).length === 0 ? rest : { ...rest, _meta: meta }
  }

  #refused(id: number, settle: (reply: Reply) => void, error: unknown): void {
    const failure = sendFailure(error)
    const { status } = failure
    const answer = failure.body === null ? null : parse(failure.body)
    if (answer !== null && answer.id === id && isJsonObject(answer.error)) return settle(answered(answer))
    // A legacy session that the server no longer knows: 404 by the specification, which also says that such a request was
    // not processed; many servers say 400. Either way the session is over, and must not live on by half.
    const lost = this.#envelope === null && this.sessionId !== undefined && (status === 404 || status === 400)
    if (lost && status === 404) settle(broken(false, true, 'its session has expired'))
    else settle(broken(failure.sent, failure.retryable, failure.message, failure.retryAfter))
    if (lost || failure.fatal) this.fail(lost ? 'its session has expired' : failure.message)
  }

  #receive(message: JSONRPCMessage, extra: Parameters<NonNullable<Transport['onmessage']>>[1]): void {
    const frame = message as unknown
    if (!isJsonObject(frame))
      return this.onerror?.(
        new SendFailure('it sent a message that is not an object', { sent: true, retryable: false }),
      )
    if (typeof frame.method === 'string') {
      if (frame.id === undefined && this.#notified(frame.method, isJsonObject(frame.params) ? frame.params : {})) return
      return this.onmessage?.(message, extra)
    }
    const { id } = frame
    if (typeof id === 'number' && id >= FIRST_ID) {
      // Unknown by now means cancelled before: late answers are expected and dropped.
      return this.#pending.get(id)?.settle(answered(frame))
    }
    if (
      (typeof id === 'number' || typeof id === 'string') &&
      this.#greetingIds.delete(id) &&
      isJsonObject(frame.result)
    ) {
      this.greeting = frame.result
    }
    this.onmessage?.(message, extra)
  }

  /** Whether a notification was for us and the client needs not see it. */
  #notified(method: string, params: JsonObject): boolean {
    if (method === 'notifications/progress') {
      const { progressToken, ...rest } = params
      if (typeof progressToken === 'number') this.#pending.get(progressToken)?.onProgress?.(rest)
      return true
    }
    this.#onNotification(method, params)
    // Subscription acknowledgements and cancellations belong to the client's own requests.
    return method !== 'notifications/subscriptions/acknowledged' && method !== 'notifications/cancelled'
  }

  #end(reason: string): void {
    if (this.#reason !== null) return
    this.#reason = reason
    // Settling removes the entry, which a Map allows while it is walked.
    for (const { settle } of this.#pending.values()) settle(broken(true, true, reason))
    this.#settleClosed(reason)
    this.onclose?.()
  }
}

function broken(sent: boolean, retryable: boolean, why: string, retryAfter: number | null = null): Reply {
  return { is: 'broken', sent, retryable, retryAfter, why }
}

function answered(frame: JsonObject): Reply {
  if (isJsonObject(frame.result)) return { is: 'result', result: frame.result }
  const { error } = frame
  if (isJsonObject(error) && typeof error.code === 'number' && typeof error.message === 'string') {
    const { code, message, data } = error
    return { is: 'error', error: data === undefined ? { code, message } : { code, message, data } }
  }
  return broken(true, false, 'its answer has neither a result nor an error')
}

function parse(text: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(text)
    return isJsonObject(value) ? value : null
  } catch {
    return null
  }
}
