import type { IncomingHttpHeaders } from 'node:http'
import type { LookupFunction } from 'node:net'
import { type JsonObject, PassingMap } from '../../kernel/index.ts'
import type { Target } from '../../gate/index.ts'
import { authorizedExchange } from './authorized-exchange.ts'
import { HttpConversation, type Surroundings } from './http-conversation.ts'
import { Exchange, type Hearing, type HttpRequest, type Ongoing } from './http-exchange.ts'
import { type HttpPool, openPool } from './http-pool.ts'
import { headerValue } from './param-headers.ts'
import { requestHeaders } from './request-headers.ts'
import { SendFailure } from './send-failure.ts'
import type { Era, Message, Receiver, Settled, Transport } from './transport.ts'

export interface HttpOptions {
  /** Most bytes of one message from the server; 64 MiB unless told. */
  readonly maxMessage?: number
  /** Milliseconds before each attempt to reconnect an event stream; 2, 4 and 8 s unless told. */
  readonly reconnects?: readonly number[]
  /** Looks names up in place of the system. */
  readonly lookup?: LookupFunction
}

export const MAX_MESSAGE = 64 * 1024 * 1024
/** A server that names an interval of its own is obeyed instead. */
const RECONNECTS = [2_000, 4_000, 8_000]
/** Milliseconds a legacy server has to open its standing stream before the session is used without it. */
const TO_STAND = 500
/** Milliseconds the server has to confirm the end of the session. */
const FAREWELL = 2_000
/** Notifications and answers under way at once; a server that asks faster than it takes answers gets none. */
const MOST_UNCONFIRMED = 256

/**
 * Streamable HTTP of the revisions 2025-03-26 to 2026-07-28 on a connection pool of its own. Every failure says whether the
 * message was sent. Redirects are followed within the origin only. A stream that breaks is resumed with `Last-Event-ID`
 * where the server gave one; when that fails three times its request fails, and with the standing stream the whole session.
 * Throws `HEADER_INVALID`.
 */
export function streamableHttpTransport(target: Target, options: HttpOptions = {}): Transport {
  return new StreamableHttp(target, options)
}

class StreamableHttp implements Transport, Surroundings {
  readonly hasRequestStreams = true
  readonly url: URL
  readonly reconnects: readonly number[]

  readonly #pool: HttpPool
  readonly #timeouts: Target['timeouts']
  readonly #maxMessage: number
  readonly #authorization: Target['authorization']
  readonly #given: readonly string[]
  readonly #requests = new PassingMap<number, HttpConversation>()
  readonly #unconfirmed = new Set<HttpConversation>()
  #standing: HttpConversation | null = null
  #receiver: Receiver | null = null
  #sessionId: string | null = null
  #revision: string | null = null
  #era: Era = 'legacy'
  /** Of every exchange of the session, and of every POST. */
  #common: readonly string[] = []
  #post: readonly string[] = []
  #reason: string | null = null
  #closing: Promise<void> | null = null

  constructor(target: Target, { maxMessage = MAX_MESSAGE, reconnects = RECONNECTS, lookup }: HttpOptions) {
    this.url = new URL(target.endpoint)
    this.reconnects = reconnects
    this.#given = Object.entries(requestHeaders(target.server, target.values))
      .filter(([name]) => name !== 'accept' && name !== 'accept-encoding')
      .flat()
    this.#timeouts = target.timeouts
    this.#maxMessage = maxMessage
    this.#authorization = target.authorization
    this.#pool = openPool(target, lookup)
    this.#composeHeaders()
  }

  get hasSession(): boolean {
    return this.#sessionId !== null
  }

  async start(receiver: Receiver): Promise<void> {
    this.#receiver = receiver
  }

  speak(revision: string, era: Era): void {
    this.#revision = revision
    this.#era = era
    this.#composeHeaders()
  }

  send(message: Message, settled: Settled, headers?: Readonly<Record<string, string>>): void {
    if (this.#closing !== null) return settled(new SendFailure('it is closed', { sent: false, retryable: true }))
    const { id, method } = message
    if (typeof id === 'number' && method !== undefined) return this.#request(message, id, method, settled, headers)
    if (this.#unconfirmed.size >= MOST_UNCONFIRMED) {
      return settled(
        new SendFailure('it takes messages more slowly than it asks for them', { sent: false, retryable: true }),
      )
    }
    const conversation: HttpConversation = new HttpConversation(
      {
        request: null,
        body: JSON.stringify(message),
        headers: this.#headersFor(message, undefined),
        patience: this.#timeouts.write,
        accepted: null,
        over: failure => {
          this.#unconfirmed.delete(conversation)
          if (failure === null && method === 'notifications/initialized') this.#stand(() => settled(null))
          else settled(failure)
        },
      },
      this,
    )
    this.#unconfirmed.add(conversation)
    conversation.begin()
  }

  release(request: number): void {
    this.#requests.get(request)?.stop()
    this.#requests.delete(request)
  }

  expectSilence(request: number, expected: boolean): void {
    this.#requests.get(request)?.expectSilence(expected)
  }

  close(): Promise<void> {
    // Begun a moment later, so that what closing sets off finds it begun.
    this.#closing ??= Promise.resolve().then(() => this.#close())
    return this.#closing
  }

  exchange(request: Parameters<Surroundings['exchange']>[0], headers: readonly string[], hearing: Hearing): Ongoing {
    return authorizedExchange(this.#authorization, headers, hearing, (headers, hearing) => {
      return new Exchange(this.#pool.dispatcher, { ...request, headers, maxMessage: this.#maxMessage }, hearing)
    })
  }

  message(message: JsonObject, request: number | null): void {
    this.#receiver?.message(message, request)
  }

  stray(what: string): void {
    // What breaks because we are closing is no news.
    if (this.#closing === null) this.#receiver?.stray(what)
  }

  #request(
    message: Message,
    id: number,
    method: string,
    settled: Settled,
    headers?: Readonly<Record<string, string>>,
  ): void {
    const conversation = new HttpConversation(
      {
        request: id,
        body: JSON.stringify(message),
        headers: this.#headersFor(message, headers),
        patience: method === 'subscriptions/listen' ? 0 : this.#timeouts.read,
        accepted: method === 'initialize' ? headers => this.#begin(headers) : null,
        over: failure => {
          this.#requests.delete(id)
          if (failure !== null) settled(failure)
        },
      },
      this,
    )
    this.#requests.set(id, conversation)
    conversation.begin()
  }

  #begin(headers: IncomingHttpHeaders): void {
    const id = headers['mcp-session-id']
    this.#sessionId = typeof id === 'string' && id !== '' ? id : null
    this.#composeHeaders()
  }

  /** Opens the stream on which legacy servers speak unasked, and waits a moment for it: what they say before it stands is lost. */
  #stand(then: () => void): void {
    if (this.#closing !== null) return then()
    let stood = false
    const waiting = setTimeout(then, TO_STAND)
    this.#standing = new HttpConversation(
      {
        request: null,
        body: null,
        headers: ['accept', 'text/event-stream', ...this.#common],
        patience: 0,
        accepted: () => {
          stood = true
          clearTimeout(waiting)
          then()
        },
        over: failure => {
          clearTimeout(waiting)
          if (!stood) then()
          if (failure === null) return
          if (stood) this.#die(failure.message)
          else this.stray(`it does not open a standing stream: ${failure.message}`)
        },
      },
      this,
    )
    this.#standing.begin()
  }

  async #close(): Promise<void> {
    this.#standing?.stop()
    for (const conversation of this.#unconfirmed) conversation.stop()
    const failure = new SendFailure(this.#reason ?? 'it was closed', { sent: true, retryable: true })
    for (const conversation of this.#requests.values()) conversation.fail(failure)
    await this.#farewell()
    await this.#pool.close()
    this.#receiver?.ended(this.#reason ?? 'it was closed by the control plane')
  }

  /** Ends the session at the server too, as the revisions with sessions ask. A server that does not care is not waited for. */
  async #farewell(): Promise<void> {
    if (this.#sessionId === null) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, FAREWELL)
    const request: Pick<HttpRequest, 'method' | 'path' | 'body' | 'head' | 'silence'> = {
      method: 'DELETE',
      path: this.url.pathname + this.url.search,
      body: null,
      head: FAREWELL,
      silence: FAREWELL,
    }
    const done = (): void => resolve()
    this.exchange(request, this.#common, { answered: done, ended: done, streaming: done, event() {}, retry() {} })
    await promise
    clearTimeout(timer)
  }

  #die(reason: string): void {
    this.#reason ??= reason
    void this.close()
  }

  #composeHeaders(): void {
    const common = [...this.#given, 'accept-encoding', 'identity']
    if (this.#sessionId !== null) common.push('mcp-session-id', this.#sessionId)
    if (this.#revision !== null) common.push('mcp-protocol-version', this.#revision)
    this.#common = common
    this.#post = ['content-type', 'application/json', 'accept', 'application/json, text/event-stream', ...common]
  }

  /** Source: MCP 2026-07-28, streamable HTTP, standard request headers (SEP-2243). */
  #headersFor({ method, params }: Message, own: Readonly<Record<string, string>> | undefined): readonly string[] {
    if (this.#era === 'legacy' || method === undefined) return this.#post
    const headers = [...this.#post, 'mcp-method', method]
    const named = mirrored[method]
    const value = named === undefined ? undefined : params?.[named]
    if (typeof value === 'string') headers.push('mcp-name', headerValue(value))
    if (own !== undefined) for (const [name, value] of Object.entries(own)) headers.push(name, value)
    return headers
  }
}

/** The parameter that `Mcp-Name` mirrors, by method. */
const mirrored: Readonly<Record<string, string>> = {
  'tools/call': 'name',
  'prompts/get': 'name',
  'resources/read': 'uri',
  'tasks/get': 'taskId',
  'tasks/update': 'taskId',
  'tasks/cancel': 'taskId',
}
