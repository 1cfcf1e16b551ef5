/** At most so many at once; the rest wait in order, each for as long as its signal lets it. */
export class Bulkhead {
  readonly #capacity: number
  readonly #waiting = new Set<() => void>()
  #taken = 0

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  /** Takes a place if there is one now; what it gives back gives the place back. */
  tryEnter(): (() => void) | null {
    if (this.#taken >= this.#capacity) return null
    this.#taken++
    return this.#leaver()
  }

  /** Resolves with what gives the place back; rejects with the signal's reason when it aborts first. */
  async enter(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted()
    const free = this.tryEnter()
    if (free) return free
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const abort = () => {
      this.#waiting.delete(resolve)
      reject(signal.reason as Error)
    }
    this.#waiting.add(resolve)
    signal.addEventListener('abort', abort, { once: true })
    try {
      // The place is handed over by whoever leaves, so the count does not change here.
      await promise
    } finally {
      signal.removeEventListener('abort', abort)
    }
    return this.#leaver()
  }

  get taken(): number {
    return this.#taken
  }

  #leaver(): () => void {
    let left = false
    return () => {
      if (left) return
      left = true
      const next = this.#waiting.values().next().value
      if (next) {
        this.#waiting.delete(next)
        next()
      } else {
        this.#taken--
      }
    }
  }
}
