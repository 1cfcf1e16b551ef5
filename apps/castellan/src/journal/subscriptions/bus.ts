import { isFault } from '../../kernel/index.ts'
import { hintedOrDue } from '../hinted-or-due.ts'
import type { JournalStore } from '../journal-store.ts'
import type { Deliverer } from './deliverer.ts'
import type { Feed } from './feed.ts'
import type { SubscriptionStore } from './subscription-store.ts'

export interface BusParts {
  readonly feed: Feed
  readonly deliverer: Deliverer
  readonly store: SubscriptionStore
  readonly journal: JournalStore
  readonly onBug: (error: unknown) => void
}

/**
 * Hands the journal over to its subscribers until it is stopped. Hints make it quick; it looks by itself as well, so one that is lost
 * delays a delivery and never loses it.
 */
export class Bus {
  readonly #parts: BusParts
  #stopping = false
  #appended = Promise.withResolvers<void>()
  #due = Promise.withResolvers<void>()
  #loops: Promise<unknown> = Promise.resolve()
  #stopListening: () => void = () => undefined

  constructor(parts: BusParts) {
    this.#parts = parts
  }

  start(): void {
    this.#stopListening = this.#parts.journal.onAppended(() => this.#appended.resolve())
    this.#loops = Promise.all([this.#feeding(), this.#delivering()])
  }

  /** A subscription was changed, or a dead letter is to be delivered after all. */
  readonly changed = (): void => {
    this.#parts.feed.changed()
    this.#appended.resolve()
    this.#due.resolve()
  }

  /** Begins nothing more. What is under way may end until the signal aborts, and is broken off then. Idempotent. */
  async stop(signal: AbortSignal): Promise<void> {
    this.#stopping = true
    this.#stopListening()
    this.#appended.resolve()
    this.#due.resolve()
    await this.#loops
    await this.#parts.deliverer.stop(signal)
  }

  async #feeding(): Promise<void> {
    while (!this.#stopping) {
      // Renewed before reading: a hint that comes during the read must not be missed.
      this.#appended = Promise.withResolvers<void>()
      const fed = await this.#told(() => this.#parts.feed.turn())
      if (fed?.queued) this.#due.resolve()
      if (!fed?.found && !this.#stopping) await hintedOrDue(this.#appended.promise, POLL)
    }
  }

  async #delivering(): Promise<void> {
    const { deliverer, store } = this.#parts
    const ended = () => {
      this.#due.resolve()
      // There may be room for more.
      this.#appended.resolve()
    }
    while (!this.#stopping) {
      this.#due = Promise.withResolvers<void>()
      const claimed = await this.#told(() => deliverer.turn(ended))
      if (claimed || this.#stopping) continue
      const wait = (await this.#told(() => store.nextDue(POLL))) ?? POLL
      if (!this.#stopping) await hintedOrDue(this.#due.promise, wait)
    }
  }

  /** A store that cannot be reached is told of by whoever keeps it. */
  async #told<T>(turn: () => Promise<T>): Promise<T | undefined> {
    try {
      return await turn()
    } catch (error) {
      if (!isFault(error, 'STORE_UNAVAILABLE')) this.#parts.onBug(error)
      return undefined
    }
  }
}

/** Milliseconds. */
const POLL = 1_000
