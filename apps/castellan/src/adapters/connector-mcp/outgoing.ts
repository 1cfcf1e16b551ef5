import type { JSONRPCMessage, RequestId } from '@modelcontextprotocol/client'
import { SendFailure } from './send-failure.ts'

/** Milliseconds a server has to end the stream of an answer it has given; a server that never ends them would use up the pool. */
const LINGER = 1_000

/** One message on its way over HTTP, and the event stream its answer comes by, reconnects included. */
export class Outgoing {
  /** Null for notifications and for answers to the server: nothing comes back for them. */
  readonly id: RequestId | null
  /** A stream of news, which may be silent for as long as it likes. */
  readonly standing: boolean
  /** Ends the exchange, whichever connection it is on by now. */
  readonly signal: AbortSignal
  /** Whether the answer comes by an event stream, so that the message is not done when its head has arrived. */
  streaming = false
  /** Why it was cut off, when we did that. */
  failure: SendFailure | null = null

  readonly #cut = new AbortController()
  readonly #done = Promise.withResolvers<void>()
  #answered = false
  #linger: NodeJS.Timeout | undefined

  constructor(message: JSONRPCMessage, limit: AbortSignal | undefined) {
    const request = 'method' in message && 'id' in message
    this.id = request ? message.id : null
    this.standing = request && message.method === 'subscriptions/listen'
    this.signal = limit === undefined ? this.#cut.signal : AbortSignal.any([this.#cut.signal, limit])
    this.signal.addEventListener('abort', () => this.#done.resolve(), { once: true })
    // Nobody listens when the answer came in one piece.
    this.#done.promise.catch(() => {})
  }

  /** Settles when the stream has ended: rejects when that was before the answer and nobody asked for it. */
  get done(): Promise<void> {
    return this.#done.promise
  }

  answered(): void {
    this.#answered = true
    this.#linger = setTimeout(() => this.stop(), LINGER)
  }

  ended(): void {
    if (this.#answered) this.#done.resolve()
    else this.fail(new SendFailure('the stream ended before the answer', { sent: true, retryable: true }))
  }

  fail(failure: SendFailure): void {
    this.failure ??= failure
    this.#done.reject(failure)
    this.stop()
  }

  /** Frees the connection; nothing is left of it afterwards. */
  stop(): void {
    this.#done.resolve()
    this.#cut.abort()
    clearTimeout(this.#linger)
  }
}
