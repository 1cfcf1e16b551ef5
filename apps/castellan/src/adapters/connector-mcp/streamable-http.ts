import { AsyncLocalStorage } from 'node:async_hooks'
import {
  type JSONRPCMessage,
  type RequestId,
  SdkHttpError,
  StreamableHTTPClientTransport,
  type Transport,
  type TransportSendOptions,
} from '@modelcontextprotocol/client'
import type { Target } from '../../gate/index.ts'
import { exchange } from './http-exchange.ts'
import { type HttpPool, openPool } from './http-pool.ts'
import { Outgoing } from './outgoing.ts'
import { requestHeaders } from './request-headers.ts'
import { SendFailure } from './send-failure.ts'
import type { SessionTransport } from './wire.ts'

export interface HttpOptions {
  /** Most bytes of one message from the server; 64 MiB unless told. */
  readonly maxMessage?: number
  /** Milliseconds before each attempt to reconnect an event stream; 2, 4 and 8 s unless told. */
  readonly reconnects?: readonly number[]
}

export const MAX_MESSAGE = 64 * 1024 * 1024
/** A server that names an interval of its own is obeyed instead. */
const RECONNECTS = [2_000, 4_000, 8_000]
/** A server that says "at once" and hangs up each time must not make us spin. */
const SHORTEST_WAIT = 100
const LONGEST_WAIT = 60_000
/** Milliseconds the server has to confirm the end of the session. */
const FAREWELL = 2_000

/**
 * Streamable HTTP of the revisions 2025-03-26 to 2026-07-28 on a connection pool of its own. Every failure of `send` says
 * whether the message was sent; a request's `send` settles when its event stream has ended. Redirects are followed within
 * the origin only. A stream that breaks is resumed with `Last-Event-ID` where the server gave one; when that fails three
 * times its request fails, and with the standing stream the whole session. Throws `HEADER_INVALID`.
 */
export function streamableHttpTransport(target: Target, options: HttpOptions = {}): SessionTransport {
  return new StreamableHttp(target, { maxMessage: MAX_MESSAGE, reconnects: RECONNECTS, ...options })
}

class StreamableHttp implements SessionTransport {
  onclose?: (() => void) | undefined
  onerror?: ((error: Error) => void) | undefined
  onmessage?: Transport['onmessage']
  readonly hasPerRequestStream = true
  closeReason: string | null = null

  readonly #inner: StreamableHTTPClientTransport
  readonly #pool: HttpPool
  readonly #timeouts: Target['timeouts']
  readonly #maxMessage: number
  readonly #reconnects: readonly number[]
  readonly #outgoing = new Map<RequestId, Outgoing>()
  /** Which message an exchange is for; it holds through the reconnects, of which the SDK tells nothing. */
  readonly #current = new AsyncLocalStorage<Outgoing>()
  readonly #waits = new Set<NodeJS.Timeout>()
  #closing: Promise<void> | null = null

  constructor(target: Target, { maxMessage, reconnects }: Required<HttpOptions>) {
    const headers = requestHeaders(target.server, target.values)
    this.#timeouts = target.timeouts
    this.#maxMessage = maxMessage
    this.#reconnects = reconnects
    this.#pool = openPool(target.timeouts)
    this.#inner = new StreamableHTTPClientTransport(new URL(target.endpoint), {
      requestInit: { headers },
      fetch: (url, init = {}) => this.#fetch(url, init),
      redirectPolicy: 'same-origin',
      // The SDK cancels only the newest of several waiting reconnects on close, so counting and waiting are done here.
      reconnectionOptions: {
        initialReconnectionDelay: 0,
        reconnectionDelayGrowFactor: 1,
        maxReconnectionDelay: 0,
        maxRetries: Number.POSITIVE_INFINITY,
      },
      // The delay is the server's own wish, or the 0 from above.
      reconnectionScheduler: (reconnect, wish, attempt) => this.#reconnectLater(reconnect, wish, attempt),
    })
    this.#inner.onmessage = message => this.#receive(message)
    this.#inner.onerror = error => {
      // What breaks because we are closing is no news.
      if (this.#closing === null) this.onerror?.(error)
    }
  }

  get sessionId(): string | undefined {
    return this.#inner.sessionId
  }

  setProtocolVersion(version: string): void {
    this.#inner.setProtocolVersion(version)
  }

  start(): Promise<void> {
    return this.#inner.start()
  }

  async send(message: JSONRPCMessage, options: TransportSendOptions = {}): Promise<void> {
    if (this.#closing !== null) throw new SendFailure('it is closed', { sent: false, retryable: true })
    const outgoing = new Outgoing(message, this.#limit(message, options.requestSignal))
    const { id, signal } = outgoing
    if (id !== null) this.#outgoing.set(id, outgoing)
    try {
      const sending = this.#current.run(outgoing, () =>
        this.#inner.send(message, { ...options, requestSignal: signal, onRequestStreamEnd: () => outgoing.ended() }),
      )
      this.#cancelled(message)?.stop()
      await sending
      if (outgoing.streaming) await outgoing.done
    } catch (error) {
      const unsent = error instanceof SendFailure && !error.sent
      throw unsent || outgoing.failure === null ? meaning(error, message) : outgoing.failure
    } finally {
      if (id !== null) {
        this.#outgoing.delete(id)
        outgoing.stop()
      }
    }
  }

  close(): Promise<void> {
    // Begun a moment later, so that what closing sets off finds it begun.
    this.#closing ??= Promise.resolve().then(() => this.#close())
    return this.#closing
  }

  async #close(): Promise<void> {
    for (const timer of this.#waits) clearTimeout(timer)
    for (const outgoing of this.#outgoing.values()) {
      outgoing.fail(new SendFailure(this.closeReason ?? 'it was closed', { sent: true, retryable: true }))
    }
    await this.#farewell()
    await this.#inner.close()
    await this.#pool.close()
    this.onclose?.()
  }

  /** Ends the session at the server too, as the revisions with sessions ask. A server that does not care is not waited for. */
  async #farewell(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, FAREWELL)
    await Promise.race([this.#inner.terminateSession().catch(() => {}), promise])
    clearTimeout(timer)
  }

  #die(reason: string): void {
    this.closeReason ??= reason
    void this.close()
  }

  async #fetch(url: string | URL, init: RequestInit): Promise<Response> {
    const outgoing = this.#current.getStore()
    const standing = init.method === 'GET' || outgoing?.standing === true
    const response = await exchange(this.#pool, url, init, {
      head: this.#timeouts.read,
      silence: standing ? 0 : this.#timeouts.read,
      maxMessage: this.#maxMessage,
      onTooLarge: failure => (outgoing?.id == null ? this.#die(failure.message) : outgoing.fail(failure)),
    })
    if (outgoing !== undefined && init.method === 'POST' && response.ok) {
      outgoing.streaming = response.headers.get('content-type')?.startsWith('text/event-stream') === true
    }
    return response
  }

  #reconnectLater(reconnect: () => void, wish: number, attempt: number): void {
    if (this.#closing !== null) return
    const outgoing = this.#current.getStore()
    const ours = this.#reconnects[attempt]
    if (ours === undefined) {
      const why = `its event stream broke, and ${attempt} attempts to reconnect failed`
      if (outgoing?.id == null) this.#die(why)
      else outgoing.fail(new SendFailure(why, { sent: true, retryable: true }))
      return
    }
    const timer = setTimeout(
      () => {
        this.#waits.delete(timer)
        reconnect()
      },
      Math.min(Math.max(wish === 0 ? ours : wish, SHORTEST_WAIT), LONGEST_WAIT),
    )
    this.#waits.add(timer)
  }

  #receive(message: JSONRPCMessage): void {
    this.onmessage?.(message)
    if (!('method' in message) && message.id !== undefined) this.#outgoing.get(message.id)?.answered()
  }

  /** What needs no answer is confirmed at once or not at all. */
  #limit(message: JSONRPCMessage, given: AbortSignal | undefined): AbortSignal | undefined {
    if ('method' in message && 'id' in message) return given
    const timeout = AbortSignal.timeout(this.#timeouts.write)
    return given === undefined ? timeout : AbortSignal.any([given, timeout])
  }

  /** A cancelled request is not answered, so its stream would stay open. */
  #cancelled(message: JSONRPCMessage): Outgoing | undefined {
    if (!('method' in message) || message.method !== 'notifications/cancelled') return undefined
    const id = (message.params as { requestId?: RequestId } | undefined)?.requestId
    return id === undefined ? undefined : this.#outgoing.get(id)
  }
}

function meaning(error: unknown, message: JSONRPCMessage): unknown {
  // The SDK tells the server's era by the very error its probe ends with.
  if ('method' in message && message.method === 'server/discover') return error
  if (error instanceof SdkHttpError && error.status >= 300 && error.status < 400) {
    const place = /Redirect to (\S+) not followed/.exec(error.message)?.[1] ?? 'another place'
    const why = `it redirects to ${place}, which is not followed (HTTP ${error.status})`
    return new SendFailure(why, { sent: true, retryable: false, status: error.status }, { cause: error })
  }
  if (error instanceof Error && (error.name === 'SyntaxError' || error.name.endsWith('ZodError'))) {
    return new SendFailure('its answer is not JSON-RPC', { sent: true, retryable: false }, { cause: error })
  }
  return error
}
