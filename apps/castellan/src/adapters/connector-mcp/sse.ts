import type { IncomingHttpHeaders } from 'node:http'
import type { EventSourceMessage } from 'eventsource-parser'
import { isJsonObject, type JsonObject, systemClock } from '../../kernel/index.ts'
import type { Target } from '../../gate/index.ts'
import { retryAfter } from '../http-client/index.ts'
import { authorizedExchange } from './authorized-exchange.ts'
import { HttpConversation, type Surroundings } from './http-conversation.ts'
import { Exchange, type Hearing, type Ongoing } from './http-exchange.ts'
import { type HttpPool, openPool } from './http-pool.ts'
import { redirected } from './redirect.ts'
import { requestHeaders } from './request-headers.ts'
import { httpFailure, SendFailure } from './send-failure.ts'
import { type HttpOptions, MAX_MESSAGE } from './streamable-http.ts'
import type { Message, Receiver, Settled, Transport } from './transport.ts'

/**
 * HTTP with server-sent events, the transport of revision 2024-11-05: messages go out by `POST` and come back by one event
 * stream. The session lives exactly as long as that stream: the revision cannot resume it, and a new stream would be a
 * session that nobody has greeted. The address for messages must be on the origin of the stream. Throws `HEADER_INVALID`.
 */
export function sseTransport(target: Target, options: HttpOptions = {}): Transport {
  return new Sse(target, options)
}

class Sse implements Transport, Hearing {
  readonly hasRequestStreams = false
  readonly hasSession = false

  readonly #url: URL
  readonly #pool: HttpPool
  readonly #timeouts: Target['timeouts']
  readonly #maxMessage: number
  readonly #authorization: Target['authorization']
  readonly #given: readonly string[]
  /** Posts on their way, by the id of their request where they have one. */
  readonly #posts = new Map<number | symbol, HttpConversation>()
  readonly #opened = Promise.withResolvers<void>()
  #stream: Ongoing | null = null
  #redirects = 0
  #revision: readonly string[] = []
  /** Where messages go, once the server has said it. */
  #posting: Surroundings | null = null
  #receiver: Receiver | null = null
  #reason: string | null = null
  #closing: Promise<void> | null = null

  constructor(target: Target, { maxMessage = MAX_MESSAGE, lookup }: HttpOptions) {
    this.#url = new URL(target.endpoint)
    this.#given = [
      ...Object.entries(requestHeaders(target.server, target.values)).flat(),
      'accept-encoding',
      'identity',
    ]
    this.#timeouts = target.timeouts
    this.#maxMessage = maxMessage
    this.#authorization = target.authorization
    this.#pool = openPool(target, lookup)
    this.#opened.promise.catch(() => {})
  }

  start(receiver: Receiver): Promise<void> {
    this.#receiver = receiver
    if (this.#closing === null) this.#listen(this.#url)
    return this.#opened.promise
  }

  speak(revision: string): void {
    this.#revision = ['mcp-protocol-version', revision]
  }

  send(message: Message, settled: Settled): void {
    const posting = this.#posting
    if (this.#closing !== null || posting === null)
      return settled(new SendFailure('it is closed', { sent: false, retryable: true }))
    if (this.#posts.size >= MOST_POSTS)
      return settled(new SendFailure('it does not take what is sent to it', { sent: false, retryable: true }))
    const key = typeof message.id === 'number' && message.method !== undefined ? message.id : Symbol('post')
    const post = new HttpConversation(
      {
        request: null,
        body: JSON.stringify(message),
        headers: ['content-type', 'application/json', ...this.#given, ...this.#revision],
        patience: this.#timeouts.read,
        accepted: null,
        over: failure => {
          this.#posts.delete(key)
          settled(failure?.status === 404 ? expired() : failure)
        },
      },
      posting,
    )
    this.#posts.set(key, post)
    post.begin()
  }

  release(request: number): void {
    this.#posts.get(request)?.stop()
    this.#posts.delete(request)
  }

  close(): Promise<void> {
    // Begun a moment later, so that what closing sets off finds it begun.
    this.#closing ??= Promise.resolve().then(() => this.#close())
    return this.#closing
  }

  answered(status: number, headers: IncomingHttpHeaders): void {
    if (status >= 300 && status < 400) {
      const to = redirected(this.#url, status, headers.location, this.#redirects++)
      if (to instanceof SendFailure) this.#lost(to)
      else this.#listen(to)
    } else if (status >= 400) {
      const wait = headers['retry-after']
      this.#lost(httpFailure(status, retryAfter(wait, systemClock.now())))
    } else this.#lost(new SendFailure('it did not answer with an event stream', { sent: true, retryable: false }))
  }

  streaming(): void {}
  retry(): void {}

  event({ event, data }: EventSourceMessage): void {
    if (event === 'endpoint') return this.#found(data)
    if (data === '' || (event !== undefined && event !== 'message')) return
    let frame: unknown
    try {
      frame = JSON.parse(data)
    } catch {
      return this.#receiver?.stray('it sent something that is not JSON')
    }
    if (isJsonObject(frame)) this.#receiver?.message(frame, null)
    else this.#receiver?.stray('it sent a message that is not an object')
  }

  ended(failure: SendFailure | null): void {
    this.#lost(failure ?? new SendFailure('its event stream ended', { sent: true, retryable: true }))
  }

  #listen(url: URL): void {
    const request = {
      method: 'GET' as const,
      path: url.pathname + url.search,
      body: null,
      head: this.#timeouts.read,
      silence: 0,
    }
    this.#stream = this.#exchange(request, ['accept', 'text/event-stream', ...this.#given], this)
  }

  #exchange(request: Parameters<Surroundings['exchange']>[0], headers: readonly string[], hearing: Hearing): Ongoing {
    return authorizedExchange(this.#authorization, headers, hearing, (headers, hearing) => {
      return new Exchange(this.#pool.dispatcher, { ...request, headers, maxMessage: this.#maxMessage }, hearing)
    })
  }

  #found(address: string): void {
    const url = URL.canParse(address, this.#url.href) ? new URL(address, this.#url) : null
    if (url === null || url.origin !== this.#url.origin) {
      return this.#lost(
        new SendFailure('it named an address on another origin for messages', { sent: true, retryable: false }),
      )
    }
    this.#posting = {
      url,
      reconnects: [],
      exchange: (request, headers, hearing) => this.#exchange(request, headers, hearing),
      message: (message: JsonObject) => this.#receiver?.message(message, null),
      stray: what => this.#receiver?.stray(what),
    }
    this.#opened.resolve()
  }

  #lost(failure: SendFailure): void {
    this.#opened.reject(failure)
    this.#reason ??= failure.message
    void this.close()
  }

  async #close(): Promise<void> {
    const reason = this.#reason ?? 'it was closed by the control plane'
    this.#opened.reject(new SendFailure(reason, { sent: false, retryable: true }))
    this.#stream?.stop()
    for (const post of this.#posts.values()) post.stop()
    await this.#pool.close()
    this.#receiver?.ended(reason)
  }
}

/** Messages under way at once; a server that takes none of them is not fed without end. */
const MOST_POSTS = 10_000

function expired(): SendFailure {
  return new SendFailure('its session has expired', { sent: true, retryable: true, fatal: true, status: 404 })
}
