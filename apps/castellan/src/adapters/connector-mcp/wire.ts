import { isJsonObject, type JsonObject, PassingMap } from '../../kernel/index.ts'
import type { CallerClient, Reply } from '../../gate/index.ts'
import type { SendFailure } from './send-failure.ts'
import type { Era, Receiver, Transport } from './transport.ts'

export interface WireRequest {
  readonly method: string
  readonly params: JsonObject
  readonly signal: AbortSignal
  readonly onProgress?: ((params: JsonObject) => void) | null
  readonly headers?: Readonly<Record<string, string>>
  /** The client it is sent for, null when there is nobody; left out for requests of our own. */
  readonly client?: CallerClient | null
  /** Of a `subscriptions/listen`: the server said what of it it honours. */
  readonly onAcknowledged?: (params: JsonObject) => void
  /** The greeting of a legacy server must not be cancelled; ending the connection is what ends it. */
  readonly uncancellable?: boolean
}

/** What became of a request; with the HTTP status of a refusal. */
export type WireReply =
  Extract<Reply, { is: 'result' | 'error' }> | (Extract<Reply, { is: 'broken' }> & { readonly status: number | null })

/** What the server says that is no answer to a request. */
export interface WireEvents {
  /** `request` is our request it certainly belongs to, null when the channel does not tell. */
  notified(method: string, params: JsonObject, request: number | null): void
  /** A request of the server, to be answered with {@link Wire.answer}. */
  asked(method: string, params: JsonObject, id: string | number, request: number | null): void
  /** A request for a client is on its way; and over, whatever became of it. */
  begun(request: number, client: CallerClient | null): void
  over(request: number): void
  /** Something that makes no sense; a public sentence. */
  stray(what: string): void
}

/**
 * JSON-RPC over a transport, as MCP uses it: requests with their answers, progress and cancellation, in the ways of both eras.
 * Results, errors and notifications pass as they came: nothing is checked or dropped because it is not known.
 */
export class Wire implements Receiver {
  /** Why the transport closed, when nobody here asked it to. */
  lost: string | null = null
  /** Resolves with the reason once the transport has closed. */
  readonly closed: Promise<string>

  readonly #transport: Transport
  readonly #events: WireEvents
  readonly #pending = new PassingMap<number, Pending>()
  readonly #settleClosed: (reason: string) => void
  #reason: string | null = null
  #closing = false
  #nextId = 1
  #era: Era = 'legacy'
  /** What every message of a modern session carries in `_meta`. */
  #envelope: JsonObject | null = null

  constructor(transport: Transport, events: WireEvents) {
    this.#transport = transport
    this.#events = events
    const { promise, resolve } = Promise.withResolvers<string>()
    this.closed = promise
    this.#settleClosed = resolve
  }

  /** Whether each request has a stream and headers of its own. */
  get hasRequestStreams(): boolean {
    return this.#transport.hasRequestStreams
  }

  get era(): Era {
    return this.#era
  }

  start(): Promise<void> {
    return this.#transport.start(this)
  }

  /** Sets the revision of all that follows. Modern messages carry the envelope, and are cancelled by closing their stream. */
  speak(revision: string, era: Era, envelope: JsonObject | null): void {
    this.#era = era
    this.#envelope = envelope
    this.#transport.speak?.(revision, era)
  }

  async close(): Promise<void> {
    this.#closing = true
    await this.#transport.close()
    this.#end('it was closed by the control plane')
  }

  /** Ends the session for a reason found in an answer; the transport is closed in the background. */
  fail(reason: string): void {
    this.#closing = true
    this.#end(reason)
    this.#transport.close().catch(() => {})
  }

  /** Sends a request and resolves with whatever becomes of it; never rejects. */
  request(request: WireRequest): Promise<WireReply> {
    const { signal, onProgress } = request
    if (this.#reason !== null) return Promise.resolve(broken(false, true, this.#reason))
    if (signal.aborted) return Promise.resolve(broken(false, false, 'it was cancelled before it was sent'))
    const { promise, resolve } = Promise.withResolvers<WireReply>()
    const id = this.#nextId++
    const pending = new Pending(id, request, resolve, this.#cancelled)
    this.#pending.set(id, pending)
    const { client } = request
    if (client !== undefined) this.#events.begun(id, client)
    const params = this.#enveloped(request.params, onProgress ? id : null, client)
    this.#transport.send(
      { jsonrpc: '2.0', id, method: request.method, params },
      failure => failure !== null && this.#refused(pending, failure),
      request.headers,
    )
    return promise
  }

  /** Sends a notification; resolves when it was handed over, with the failure when it could not be. */
  notify(method: string, params: JsonObject | null): Promise<SendFailure | null> {
    const { promise, resolve } = Promise.withResolvers<SendFailure | null>()
    const enveloped = params === null && this.#envelope === null ? null : this.#enveloped(params ?? {}, null)
    this.#transport.send({ jsonrpc: '2.0', method, ...(enveloped !== null && { params: enveloped }) }, resolve)
    return promise
  }

  /** Answers a request of the server. */
  answer(id: string | number, answer: { readonly result: JsonObject } | { readonly error: JsonObject }): void {
    if (this.#reason === null)
      this.#transport.send({ jsonrpc: '2.0', id, ...answer }, failure => {
        if (failure !== null) this.#events.stray(`it did not take an answer: ${failure.message}`)
      })
  }

  /** While the client of a request is being asked, the server may be silent about it. */
  expectSilence(request: number, expected: boolean): void {
    this.#transport.expectSilence?.(request, expected)
  }

  message(frame: JsonObject, request: number | null): void {
    const { method, id } = frame
    if (typeof method === 'string') {
      const params = isJsonObject(frame.params) ? frame.params : {}
      if (id === undefined) this.#notified(method, params, request)
      else if (typeof id === 'string' || typeof id === 'number') this.#events.asked(method, params, id, request)
      else this.#events.stray('it sent a request without a usable id')
    } else if (request !== null && id !== request) {
      this.#events.stray('it answered a request on the stream of another')
    } else if (typeof id === 'number' && id > 0 && id < this.#nextId) {
      // Unknown by now means answered or cancelled before: late answers are expected and dropped.
      const pending = this.#pending.get(id)
      if (pending !== undefined) this.#settle(pending, answered(frame))
    } else if (frame.result === undefined && frame.error === undefined) {
      this.#events.stray('it sent a message that is not JSON-RPC')
    } else this.#events.stray('it sent an answer nobody asked for')
  }

  stray(what: string): void {
    this.#events.stray(what)
  }

  /** From the transport. */
  ended(reason: string): void {
    if (!this.#closing) this.lost ??= reason
    this.#end(reason)
  }

  #notified(method: string, params: JsonObject, request: number | null): void {
    switch (method) {
      case 'notifications/progress': {
        const { progressToken, ...rest } = params
        if (typeof progressToken === 'number') this.#pending.get(progressToken)?.request.onProgress?.(rest)
        return
      }
      case 'notifications/subscriptions/acknowledged': {
        const id = isJsonObject(params._meta) ? params._meta[SUBSCRIPTION_ID] : undefined
        this.#pending.get(Number(id ?? request))?.request.onAcknowledged?.(params)
        return
      }
      default:
        this.#events.notified(method, params, request)
    }
  }

  /** Ends a request that the server says it has ended without an answer; only of subscriptions it may say so. */
  endedByServer(id: unknown): void {
    const pending = typeof id === 'number' ? this.#pending.get(id) : undefined
    if (pending?.request.onAcknowledged === undefined) return
    this.#settle(pending, broken(true, true, 'the server ended it'))
    this.#transport.release?.(pending.id)
  }

  /** The abort is answered at once; this tells the server, in the way of its revision, and frees the stream. */
  readonly #cancelled = (pending: Pending): void => {
    const { uncancellable } = pending.request
    if (!this.#settle(pending, broken(true, false, 'it was cancelled'))) return
    const closingIsEnough = this.#era === 'modern' && this.hasRequestStreams
    if (!closingIsEnough && uncancellable !== true) {
      void this.notify('notifications/cancelled', { requestId: pending.id, reason: 'cancelled by the caller' })
    }
    // A server that honours the notification never answers, so an HTTP stream would stay open for ever.
    this.#transport.release?.(pending.id)
  }

  #enveloped(params: JsonObject, progressToken: number | null, client?: CallerClient | null): JsonObject {
    const envelope = this.#envelope
    if (envelope === null && progressToken === null) return params
    const _meta: Record<string, JsonObject[string]> = { ...(isJsonObject(params._meta) && params._meta), ...envelope }
    if (envelope !== null && client) {
      _meta[CLIENT_CAPABILITIES] = client.capabilities
      if (client.logLevel !== null) _meta[LOG_LEVEL] = client.logLevel
    }
    if (progressToken !== null) _meta.progressToken = progressToken
    return { ...params, _meta }
  }

  #refused(pending: Pending, failure: SendFailure): void {
    const { status, sent, retryable, message, retryAfter, fatal } = failure
    const answer = failure.body === null || comesBack(status) ? null : parse(failure.body)
    if (answer !== null && answer.id === pending.id && isJsonObject(answer.error)) {
      return void this.#settle(pending, answered(answer))
    }
    // A legacy session that the server no longer knows: 404 by the specification, which also says that such a request was
    // not processed; many servers say 400. Either way the session is over, and must not live on by half.
    const lost = this.#era === 'legacy' && this.#transport.hasSession && (status === 404 || status === 400)
    if (lost && status === 404) this.#settle(pending, broken(false, true, EXPIRED, null, status))
    else {
      const reply = broken(sent, retryable, message, retryAfter, status)
      this.#settle(pending, failure.fault === null ? reply : { ...reply, fault: failure.fault })
    }
    if (lost || fatal) this.fail(lost ? EXPIRED : message)
  }

  #settle(pending: Pending, reply: WireReply): boolean {
    if (!this.#pending.delete(pending.id)) return false
    if (pending.request.client !== undefined) this.#events.over(pending.id)
    pending.settle(reply)
    return true
  }

  #end(reason: string): void {
    if (this.#reason !== null) return
    this.#reason = reason
    for (const pending of this.#pending.values()) this.#settle(pending, broken(true, true, reason))
    this.#settleClosed(reason)
  }
}

const EXPIRED = 'its session has expired'
const SUBSCRIPTION_ID = 'io.modelcontextprotocol/subscriptionId'
const CLIENT_CAPABILITIES = 'io.modelcontextprotocol/clientCapabilities'
const LOG_LEVEL = 'io.modelcontextprotocol/logLevel'

/**
 * A request under way, until it is settled or its signal aborts. Then it lets go of the call it was of: as long as
 * listener, request and signal lead to each other, calls that have ended are seen to outlive the young generation of the heap.
 */
class Pending {
  readonly id: number
  request: WireRequest
  readonly #resolve: (reply: WireReply) => void
  readonly #onAbort: () => void

  constructor(
    id: number,
    request: WireRequest,
    resolve: (reply: WireReply) => void,
    cancelled: (pending: Pending) => void,
  ) {
    this.id = id
    this.request = request
    this.#resolve = resolve
    this.#onAbort = () => cancelled(this)
    request.signal.addEventListener('abort', this.#onAbort)
  }

  settle(reply: WireReply): void {
    this.request.signal.removeEventListener('abort', this.#onAbort)
    this.request = settledRequest
    this.#resolve(reply)
  }
}

const settledRequest: WireRequest = { method: '', params: {}, signal: AbortSignal.abort() }

/** Statuses that say "not now", whatever else the answer says. */
function comesBack(status: number | null): boolean {
  return status === 408 || status === 425 || status === 429 || status === 503
}

function broken(
  sent: boolean,
  retryable: boolean,
  why: string,
  retryAfter: number | null = null,
  status: number | null = null,
): Extract<WireReply, { is: 'broken' }> {
  return { is: 'broken', sent, retryable, retryAfter, why, status }
}

function answered(frame: JsonObject): WireReply {
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
