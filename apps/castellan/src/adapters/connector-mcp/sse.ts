// oxlint-disable typescript/no-deprecated -- The transport is deprecated, and the servers that speak it are the reason for this file.
import { AsyncLocalStorage } from 'node:async_hooks'
import {
  type JSONRPCMessage,
  SSEClientTransport,
  SseError,
  type Transport,
  type TransportSendOptions,
} from '@modelcontextprotocol/client'
import type { Target } from '../../gate/index.ts'
import { exchange } from './http-exchange.ts'
import { type HttpPool, openPool } from './http-pool.ts'
import { requestHeaders } from './request-headers.ts'
import { httpFailure, SendFailure, sendFailure } from './send-failure.ts'
import { type HttpOptions, MAX_MESSAGE } from './streamable-http.ts'
import type { SessionTransport } from './wire.ts'

/**
 * HTTP with server-sent events, the transport of revision 2024-11-05: messages go out by `POST` and come back by one event
 * stream. The session lives exactly as long as that stream: the revision cannot resume it, and a new stream would be a
 * session that nobody has greeted. The address for messages must be on the origin of the stream. Throws `HEADER_INVALID`.
 */
export function sseTransport(target: Target, options: HttpOptions = {}): SessionTransport {
  return new Sse(target, options.maxMessage ?? MAX_MESSAGE)
}

class Sse implements SessionTransport {
  onclose?: (() => void) | undefined
  onerror?: ((error: Error) => void) | undefined
  onmessage?: Transport['onmessage']
  closeReason: string | null = null

  readonly #inner: SSEClientTransport
  readonly #pool: HttpPool
  readonly #target: Target
  readonly #maxMessage: number
  /** The wish to give up the message being posted; the SDK passes it on to nobody. */
  readonly #given = new AsyncLocalStorage<AbortSignal | undefined>()
  /** Rejects when the transport is closed, so that nothing waits for a stream that will never open. */
  readonly #closed = Promise.withResolvers<never>()
  #opened = false
  /** What became of the stream's own exchange, which the SDK tells only as a sentence. */
  #failure: SendFailure | null = null
  #closing: Promise<void> | null = null

  constructor(target: Target, maxMessage: number) {
    const headers = requestHeaders(target.server, target.values)
    this.#target = target
    this.#maxMessage = maxMessage
    this.#pool = openPool(target.timeouts)
    this.#closed.promise.catch(() => {})
    this.#inner = new SSEClientTransport(new URL(target.endpoint), {
      requestInit: { headers },
      fetch: (url, init = {}) => (init.method === 'POST' ? this.#post(url, init) : this.#stream(url, init)),
      redirectPolicy: 'same-origin',
    })
    this.#inner.onmessage = message => this.onmessage?.(message)
    this.#inner.onclose = () => this.#die('it named an address on another origin for messages')
    this.#inner.onerror = error => {
      if (this.#opened && error instanceof SseError) this.#die(this.#failure?.message ?? 'its event stream ended')
      else if (this.#closing === null) this.onerror?.(error)
    }
  }

  setProtocolVersion(version: string): void {
    this.#inner.setProtocolVersion(version)
  }

  async start(): Promise<void> {
    try {
      await Promise.race([this.#inner.start(), this.#closed.promise])
      this.#opened = true
    } catch (error) {
      throw this.#failure ?? streamFailure(error)
    }
  }

  async send(message: JSONRPCMessage, options: TransportSendOptions = {}): Promise<void> {
    if (this.#closing !== null) throw new SendFailure('it is closed', { sent: false, retryable: true })
    await this.#given.run(options.requestSignal, () => this.#inner.send(message))
  }

  close(): Promise<void> {
    // Begun a moment later, so that what closing sets off finds it begun.
    this.#closing ??= Promise.resolve().then(() => this.#close())
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#closed.reject(new SendFailure(this.closeReason ?? 'it was closed', { sent: false, retryable: true }))
    await this.#inner.close()
    await this.#pool.close()
    this.onclose?.()
  }

  #die(reason: string): void {
    if (this.#closing !== null) return
    this.closeReason = reason
    void this.close()
  }

  async #stream(url: string | URL, init: RequestInit): Promise<Response> {
    try {
      return await exchange(this.#pool, url, init, {
        head: this.#target.timeouts.read,
        silence: 0,
        maxMessage: this.#maxMessage,
        onTooLarge: failure => this.#die(failure.message),
      })
    } catch (error) {
      this.#failure = sendFailure(error)
      throw error
    }
  }

  async #post(url: string | URL, init: RequestInit): Promise<Response> {
    const signals = [init.signal, this.#given.getStore()].filter(signal => signal != null)
    const response = await exchange(
      this.#pool,
      url,
      { ...init, signal: AbortSignal.any(signals) },
      {
        head: this.#target.timeouts.read,
        silence: this.#target.timeouts.read,
        maxMessage: this.#maxMessage,
        onTooLarge: () => {},
      },
    )
    // A redirect is left to the SDK, which follows it within the origin.
    if (response.status < 400) return response
    await response.body?.cancel()
    if (response.status !== 404) throw httpFailure(response.status, null)
    throw new SendFailure('its session has expired', { sent: true, retryable: true, fatal: true, status: 404 })
  }
}

function streamFailure(error: unknown): SendFailure {
  if (error instanceof SseError && error.code !== undefined && error.code >= 300)
    return httpFailure(error.code, null, undefined, error)
  const wrong =
    error instanceof SseError
      ? 'it did not answer with an event stream'
      : error instanceof Error && error.message.startsWith('Endpoint origin')
        ? 'it named an address on another origin for messages'
        : undefined
  return wrong === undefined
    ? sendFailure(error)
    : new SendFailure(wrong, { sent: true, retryable: false }, { cause: error })
}
