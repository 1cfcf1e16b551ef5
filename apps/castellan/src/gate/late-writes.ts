import { type Clock, fault, isFault } from '../kernel/index.ts'

/**
 * Journal writes nobody waits for: those of reads and refusals. None is dropped: while the store refuses them they are kept
 * and tried again, and {@link assertHealthy} refuses new calls, so what is not journaled cannot grow.
 */
export class LateWrites {
  readonly #waiting = new Set<() => Promise<void>>()
  #working: Promise<void> | undefined
  #inFlight = 0
  #trouble: string | undefined
  #retryAt = 0
  readonly #clock: Clock
  readonly #onLost: (error: unknown) => void

  /** `onLost` is told of a write that no retry can save: a bug, since nothing else is refused for good. */
  constructor(clock: Clock, onLost: (error: unknown) => void) {
    this.#clock = clock
    this.#onLost = onLost
  }

  /** Begins a write, unless those before it are still refused. It may leave the store time to gather it with others. */
  add(write: () => Promise<void>): void {
    if (this.#trouble === undefined && this.#inFlight < MAX_IN_FLIGHT && this.#waiting.size === 0) this.#start(write)
    else this.#waiting.add(write)
  }

  get healthy(): boolean {
    return this.#trouble === undefined && this.#waiting.size < MAX_WAITING
  }

  /** Throws `STORE_UNAVAILABLE` while writes are refused; at most once a second one caller tries them again first. */
  async assertHealthy(): Promise<void> {
    if (this.#clock.monotonic() >= this.#retryAt) await this.flush()
    if (this.#trouble !== undefined) throw fault('STORE_UNAVAILABLE', { why: this.#trouble })
  }

  /** Tries everything that waits; resolves when nothing is under way, also when some of it was refused again. */
  async flush(): Promise<void> {
    this.#retryAt = this.#clock.monotonic() + 1_000
    this.#trouble = undefined
    for (;;) {
      this.#drain()
      if (!this.#working || this.#inFlight === 0) return
      await this.#working
    }
  }

  /** Why the store refused the last write; null when it did not. */
  get trouble(): string | null {
    return this.#trouble ?? null
  }

  /** Writes not yet on disk. */
  get backlog(): number {
    return this.#waiting.size + this.#inFlight
  }

  #start(write: () => Promise<void>): void {
    this.#inFlight++
    this.#working ??= new Promise(resolve => (this.#idle = resolve))
    write()
      .catch((error: unknown) => {
        if (!isFault(error, 'STORE_UNAVAILABLE')) return this.#onLost(error)
        this.#trouble = String(error.details.why)
        this.#waiting.add(write)
      })
      .finally(() => {
        this.#inFlight--
        this.#drain()
        if (this.#inFlight === 0) {
          this.#working = undefined
          this.#idle()
        }
      })
  }

  #idle: () => void = () => undefined

  #drain(): void {
    while (this.#trouble === undefined && this.#inFlight < MAX_IN_FLIGHT) {
      const [write] = this.#waiting
      if (!write) return
      this.#waiting.delete(write)
      this.#start(write)
    }
  }
}

const MAX_IN_FLIGHT = 1_000
const MAX_WAITING = 10_000
