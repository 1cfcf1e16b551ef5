import type { IncomingHttpHeaders } from 'node:http'
import type { EventSourceMessage } from 'eventsource-parser'
import { isJsonObject, type JsonObject, systemClock } from '../../kernel/index.ts'
import { retryAfter } from '../http-client/index.ts'
import { type Hearing, type HttpRequest, mediaType, type Ongoing } from './http-exchange.ts'
import { redirected } from './redirect.ts'
import { httpFailure, SendFailure } from './send-failure.ts'

/** What a conversation needs of the transport it belongs to. */
export interface Surroundings {
  exchange(
    request: Pick<HttpRequest, 'method' | 'path' | 'body' | 'head' | 'silence'>,
    headers: readonly string[],
    hearing: Hearing,
  ): Ongoing
  readonly url: URL
  /** Milliseconds before each attempt to take up a stream again. */
  readonly reconnects: readonly number[]
  message(message: JsonObject, request: number | null): void
  stray(what: string): void
}

export interface Begun {
  /** Our request, whose answer ends the conversation; null for what is not answered. */
  readonly request: number | null
  /** Null for the standing stream, which begins with a GET. */
  readonly body: string | null
  readonly headers: readonly string[]
  /** Longest wait and silence, milliseconds; 0 for a stream of news, which may be silent for as long as it likes. */
  readonly patience: number
  /** The head of an answer that was a success. */
  readonly accepted: ((headers: IncomingHttpHeaders) => void) | null
  /** Nothing follows: null when all is well. Told once. */
  readonly over: (failure: SendFailure | null) => void
}

/** Milliseconds a server has to end the stream of an answer it has given; a server that never ends them would use up the pool. */
const LINGER = 1_000
/** A server that says "at once" and hangs up each time must not make us spin. */
const SHORTEST_WAIT = 100
const LONGEST_WAIT = 60_000

/**
 * One message over HTTP and all that follows from it: redirects within the origin, the event stream its answer may come by,
 * and the requests that take that stream up again where it broke, as far as the server gave its events ids.
 *
 * Source: MCP 2025-11-25, streamable HTTP, resumability and redelivery; SEP-1699.
 */
export class HttpConversation implements Hearing {
  readonly #begun: Begun
  readonly #around: Surroundings
  #exchange: Ongoing | null = null
  #path: string
  #redirects = 0
  #over = false
  #answered = false
  /** Whether a stream has begun at any time, and whether the exchange under way is one. */
  #reading = false
  #streamed = false
  /** Of the last event that had one. */
  #lastEventId: string | null
  /** Failed attempts in a row. */
  #attempts = 0
  /** What the server wants us to wait, milliseconds. */
  #wish: number | null = null
  #timer: NodeJS.Timeout | undefined
  #silenceExpected = false

  constructor(begun: Begun, around: Surroundings) {
    this.#begun = begun
    this.#around = around
    this.#path = around.url.pathname + around.url.search
    // The standing stream may be opened again whether its events have ids or not.
    this.#lastEventId = begun.body === null ? '' : null
  }

  begin(): void {
    const { body } = this.#begun
    if (body === null) this.#get()
    else this.#post(body)
  }

  /** Frees what it holds; nobody is told. */
  stop(): void {
    this.#over = true
    clearTimeout(this.#timer)
    this.#exchange?.stop()
  }

  /** Ends it for a reason of ours. */
  fail(failure: SendFailure): void {
    this.#finish(failure)
  }

  expectSilence(expected: boolean): void {
    this.#silenceExpected = expected
    this.#exchange?.expectSilence(expected)
  }

  answered(status: number, headers: IncomingHttpHeaders, body: string): void {
    if (this.#over) return
    if (status >= 300 && status < 400) return this.#redirected(status, headers.location)
    if (this.#reading || this.#begun.body === null) return this.#refusedStream(status, headers)
    if (status >= 300) {
      const wait = retryAfter(asText(headers['retry-after']), systemClock.now())
      return this.#finish(httpFailure(status, wait, body))
    }
    this.#begun.accepted?.(headers)
    if (this.#begun.request === null) return this.#finish(null)
    if (mediaType(headers) !== 'application/json')
      return this.#finish(wrong('it answered with something that is not MCP', status))
    this.#messages(body)
    if (!this.#answered) this.#finish(wrong('its answer is not JSON-RPC', status))
    else this.#finish(null)
  }

  streaming(headers: IncomingHttpHeaders): void {
    if (!this.#reading) this.#begun.accepted?.(headers)
    this.#reading = true
    this.#streamed = true
    this.#attempts = 0
    // Nothing comes back for it that would be its own.
    if (this.#begun.request === null && this.#begun.body !== null) this.#finish(null)
  }

  event({ id, event, data }: EventSourceMessage): void {
    if (id !== undefined) this.#lastEventId = id
    if (this.#over || data === '' || (event !== undefined && event !== 'message')) return
    this.#messages(data)
  }

  retry(milliseconds: number): void {
    this.#wish = milliseconds
  }

  ended(failure: SendFailure | null): void {
    if (this.#over) return
    this.#exchange = null
    if (this.#answered) return this.#finish(null)
    // A stream that we cut, since what it carries is wrong, would be no better the next time.
    if (this.#reading && this.#lastEventId !== null && failure?.retryable !== false) {
      if (!this.#streamed) this.#attempts++
      return this.#again()
    }
    this.#finish(failure ?? endedEarly())
  }

  #post(body: string): void {
    const { patience, headers } = this.#begun
    this.#open({ method: 'POST', path: this.#path, body, head: patience, silence: patience }, headers)
  }

  #get(): void {
    const { patience, headers } = this.#begun
    const since = this.#lastEventId ? ['last-event-id', this.#lastEventId] : []
    this.#streamed = false
    this.#open({ method: 'GET', path: this.#path, body: null, head: patience, silence: patience }, [
      ...headers,
      ...since,
    ])
  }

  #open(request: Parameters<Surroundings['exchange']>[0], headers: readonly string[]): void {
    const exchange = this.#around.exchange(request, headers, this)
    if (this.#over) return exchange.stop()
    this.#exchange = exchange
    if (this.#silenceExpected) exchange.expectSilence(true)
  }

  #messages(text: string): void {
    let frame: unknown
    try {
      frame = JSON.parse(text)
    } catch {
      return this.#around.stray('it sent something that is not JSON')
    }
    // Revision 2025-03-26 has batches.
    if (Array.isArray(frame)) for (const message of frame) this.#message(message)
    else this.#message(frame)
  }

  #message(message: unknown): void {
    if (!isJsonObject(message)) return this.#around.stray('it sent a message that is not an object')
    const { request } = this.#begun
    if (message.method === undefined && message.id === request) this.#isAnswered()
    this.#around.message(message, request)
  }

  #isAnswered(): void {
    if (this.#answered) return
    this.#answered = true
    if (this.#reading) this.#timer = setTimeout(() => this.#finish(null), LINGER)
  }

  /** The answer to a GET that is no stream. */
  #refusedStream(status: number, headers: IncomingHttpHeaders): void {
    this.#exchange = null
    const standing = this.#begun.body === null
    // A server need not offer a standing stream, and what it does not offer cannot be taken up again.
    if (status === 405) return this.#finish(standing ? null : endedEarly())
    const failure = httpFailure(status, retryAfter(asText(headers['retry-after']), systemClock.now()))
    if (standing && !this.#reading) return this.#finish(failure)
    if (status === 404) {
      return this.#finish(new SendFailure('its session has expired', { sent: true, retryable: true, fatal: true }))
    }
    this.#attempts++
    this.#again()
  }

  #again(): void {
    const ours = this.#around.reconnects[this.#attempts]
    if (ours === undefined) {
      const why = `its event stream broke, and ${this.#attempts} attempts to reconnect failed`
      return this.#finish(new SendFailure(why, { sent: true, retryable: true }))
    }
    const wait = Math.min(Math.max(this.#wish ?? ours, SHORTEST_WAIT), LONGEST_WAIT)
    this.#timer = setTimeout(() => this.#get(), wait)
  }

  #redirected(status: number, location: string | undefined): void {
    const to = redirected(this.#around.url, status, location, this.#redirects++)
    if (to instanceof SendFailure) return this.#finish(to)
    this.#path = to.pathname + to.search
    const { body } = this.#begun
    if (body === null || this.#reading) this.#get()
    else this.#post(body)
  }

  #finish(failure: SendFailure | null): void {
    if (this.#over) return
    this.stop()
    this.#begun.over(failure)
  }
}

function endedEarly(): SendFailure {
  return new SendFailure('the stream ended before the answer', { sent: true, retryable: true })
}

function wrong(why: string, status: number): SendFailure {
  return new SendFailure(why, { sent: true, retryable: false, status })
}

function asText(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header
}
