import type { IncomingHttpHeaders } from 'node:http'
import type { EventSourceMessage } from 'eventsource-parser'
import { type Fault, isFault } from '../../kernel/index.ts'
import type { Authorization } from '../../registry/index.ts'
import type { Exchange, Hearing, Ongoing } from './http-exchange.ts'
import { SendFailure } from './send-failure.ts'

export type Open = (headers: readonly string[], hearing: Hearing) => Exchange

/** An exchange with the token a server wants, when it is one that wants any. */
export function authorizedExchange(
  authorization: Authorization | undefined,
  headers: readonly string[],
  hearing: Hearing,
  open: Open,
): Ongoing {
  if (authorization === undefined) return open(headers, hearing)
  const exchange = new AuthorizedExchange(authorization, headers, hearing, open)
  void exchange.begin()
  return exchange
}

/** Refusals after which a request is not sent with yet another token. */
const MOST_REPETITIONS = 2

/** What is refused was not done, so it may be sent again with another token, whatever it is. */
class AuthorizedExchange implements Ongoing, Hearing {
  readonly #authorization: Authorization
  readonly #headers: readonly string[]
  readonly #hearing: Hearing
  readonly #open: Open
  #exchange: Exchange | null = null
  #token: string | null = null
  #repetitions = 0
  #stopped = false
  #silenceExpected = false

  constructor(authorization: Authorization, headers: readonly string[], hearing: Hearing, open: Open) {
    this.#authorization = authorization
    this.#headers = headers
    this.#hearing = hearing
    this.#open = open
  }

  async begin(): Promise<void> {
    try {
      this.#token = await this.#authorization.token()
    } catch (error) {
      return this.#fail(error)
    }
    if (this.#stopped) return
    const bearer = this.#token === null ? [] : ['authorization', `Bearer ${this.#token}`]
    this.#exchange = this.#open([...this.#headers, ...bearer], this)
    if (this.#silenceExpected) this.#exchange.expectSilence(true)
  }

  stop(): void {
    this.#stopped = true
    this.#exchange?.stop()
  }

  expectSilence(expected: boolean): void {
    this.#silenceExpected = expected
    this.#exchange?.expectSilence(expected)
  }

  answered(status: number, headers: IncomingHttpHeaders, body: string): void {
    if (status === 401 || status === 403) void this.#refused(status, headers, body)
    else this.#hearing.answered(status, headers, body)
  }

  streaming(headers: IncomingHttpHeaders): void {
    this.#hearing.streaming(headers)
  }

  event(event: EventSourceMessage): void {
    this.#hearing.event(event)
  }

  retry(milliseconds: number): void {
    this.#hearing.retry(milliseconds)
  }

  ended(failure: SendFailure | null): void {
    this.#hearing.ended(failure)
  }

  async #refused(status: 401 | 403, headers: IncomingHttpHeaders, body: string): Promise<void> {
    try {
      const challenge = { status, wwwAuthenticate: challengeOf(headers), token: this.#token }
      const remedy = await this.#authorization.refused(challenge)
      if (this.#stopped) return
      if (remedy === 'needed') return this.#fail(this.#authorization.required())
      if (remedy === 'again' && this.#repetitions++ < MOST_REPETITIONS) return await this.begin()
      this.#hearing.answered(status, headers, body)
    } catch (error) {
      this.#fail(error)
    }
  }

  #fail(error: unknown): void {
    if (!this.#stopped) this.#hearing.ended(notLetIn(error))
  }
}

/** Nothing was done, so it counts as not sent. */
function notLetIn(error: unknown): SendFailure {
  if (!isFault(error)) {
    return new SendFailure('its authorization failed', { sent: false, retryable: false }, { cause: error })
  }
  const why = error.details['why']
  const message = typeof why === 'string' ? why : error.message
  return new SendFailure(message, { sent: false, retryable: error.retryable, ...faultOf(error) }, { cause: error })
}

function faultOf(error: Fault): { readonly fault?: Fault } {
  return error.code === 'UPSTREAM_AUTHORIZATION_REQUIRED' ? { fault: error } : {}
}

/** A server may offer several schemes, each in a header of its own. */
function challengeOf(headers: IncomingHttpHeaders): string | null {
  const given: unknown = headers['www-authenticate']
  const all: readonly unknown[] = Array.isArray(given) ? given : [given]
  const texts = all.filter(each => typeof each === 'string')
  return texts.find(each => /^bearer\b/i.test(each)) ?? texts[0] ?? null
}
