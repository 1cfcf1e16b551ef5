import type { Clock } from '../../kernel/index.ts'

/** Progress extends a call, but never beyond so many times its limit. */
const HARD_CAP = 10

/**
 * How long a call may still take: so many milliseconds since the server last showed that it is at work, and ten times as
 * many in all. While its client is being asked something the clock stands still.
 */
export class Deadline {
  readonly #controller = new AbortController()
  readonly #limit: number
  readonly #given: AbortSignal
  readonly #clock: Clock
  readonly #breakOff = (): void => this.#end('cancelled')
  #left: number
  #since: number
  /** Milliseconds that count, up to {@link #since}. */
  #spent = 0
  #lastSign = 0
  #timer: NodeJS.Timeout | undefined
  #asking = 0
  #ended: 'timeout' | 'cancelled' | null = null

  constructor(limit: number, given: AbortSignal, clock: Clock) {
    this.#clock = clock
    this.#since = clock.monotonic()
    this.#limit = limit
    this.#left = limit
    this.#given = given
    if (given.aborted) this.#end('cancelled')
    else {
      given.addEventListener('abort', this.#breakOff, { once: true })
      this.#arm()
    }
  }

  /** Aborts when the time is up, or the call is given up. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  get over(): 'timeout' | 'cancelled' | null {
    return this.#ended
  }

  /** Gives the call up, as its caller could. */
  breakOff(): void {
    this.#breakOff()
  }

  /** The server is at work. */
  alive(): void {
    this.#lastSign = this.#now()
  }

  /** Stops the clock for as long as the client takes to answer. */
  async asking<T>(answer: Promise<T>): Promise<T> {
    if (this.#asking++ === 0) {
      this.#spent = this.#now()
      clearTimeout(this.#timer)
    }
    try {
      return await answer
    } finally {
      if (--this.#asking === 0) {
        this.#since = this.#clock.monotonic()
        this.#lastSign = this.#spent
        this.#left = this.#limit
        this.#arm()
      }
    }
  }

  /** Nothing is left of it afterwards. */
  close(): void {
    clearTimeout(this.#timer)
    this.#given.removeEventListener('abort', this.#breakOff)
  }

  #now(): number {
    return this.#asking > 0 ? this.#spent : this.#spent + this.#clock.monotonic() - this.#since
  }

  #arm(): void {
    if (this.#ended === null) this.#timer = setTimeout(() => this.#due(), this.#left)
  }

  /** Signs of life only note the time, so a server that reports its progress a thousand times a second costs no timers. */
  #due(): void {
    const now = this.#now()
    const end = Math.min(this.#lastSign + this.#limit, this.#limit * HARD_CAP)
    this.#left = Math.ceil(end - now)
    if (this.#left <= 0) this.#end('timeout')
    else this.#arm()
  }

  #end(why: 'timeout' | 'cancelled'): void {
    if (this.#ended !== null) return
    this.#ended = why
    this.close()
    this.#controller.abort()
  }
}
