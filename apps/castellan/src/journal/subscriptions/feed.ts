import { type Clock, isFault } from '../../kernel/index.ts'
import type { SequencedEntry } from '../entry.ts'
import type { JournalStore } from '../journal-store.ts'
import { readTogether } from '../read-together.ts'
import { laneOf } from './delivery.ts'
import { type Subscription, wants } from './subscription.ts'
import type { SubscriptionStore } from './subscription-store.ts'

export interface FeedParts {
  readonly store: SubscriptionStore
  readonly journal: JournalStore
  readonly clock: Clock
}

/**
 * Looks through the journal on behalf of every subscription, and has what they want delivered. Any number of processes may do so: of
 * those who move a cursor at once one gets through, and the others look again. A subscriber who falls behind is left alone until it has
 * caught up: what it wants is safe in the journal.
 */
export class Feed {
  readonly #parts: FeedParts
  #readers: Reader[] = []
  /** The newest offset there was when {@link #readers} were looked up. */
  #head = 0
  #staleAt = -Infinity

  constructor(parts: FeedParts) {
    this.#parts = parts
  }

  /** What is known of the subscriptions is no longer so. */
  changed(): void {
    this.#staleAt = -Infinity
  }

  /** One arrived, or was given up: there is room for another. */
  left(subscription: string): void {
    const reader = this.#readers.find(each => each.subscription.id === subscription)
    if (reader) reader.pending--
  }

  /** Reads a page for each. */
  async turn(): Promise<Fed> {
    if (this.#parts.clock.monotonic() >= this.#staleAt) await this.#lookUp()
    const readers = this.#readers.filter(({ pending }) => pending < MOST_PENDING)
    const bounds = { head: this.#head, page: PAGE }
    const read = await readTogether(this.#parts.journal, readers, bounds, (...page) => this.#advance(...page))
    return {
      found: read.some(({ entries }) => entries.length > 0),
      queued: read.some(({ came }) => came.includes(true)),
    }
  }

  async #lookUp(): Promise<void> {
    const { store, journal, clock } = this.#parts
    this.#staleAt = clock.monotonic() + KNOWN
    const known = new Map(this.#readers.map(each => [each.subscription.id, each]))
    const standings = await store.subscriptions()
    this.#readers = standings
      .filter(({ subscription }) => subscription.paused === null)
      .map(({ subscription, cursor, pending }) => {
        const before = known.get(subscription.id)
        const same = before?.subscription.version === subscription.version && before.cursor === cursor
        return { subscription, tenant: subscription.tenant, cursor, pending, seen: same ? before.seen : cursor }
      })
    if (this.#readers.length > 0) this.#head = await journal.head()
  }

  /** Whether there is something to deliver now. */
  async #advance(reader: Reader, entries: readonly SequencedEntry[], to: number): Promise<boolean> {
    const { subscription } = reader
    const matched = entries.filter(entry => wants(subscription, entry))
    const room = MOST_PENDING - reader.pending
    const taken = matched.slice(0, room)
    const seen = taken.length < matched.length ? taken.at(-1)!.offset : to
    if (taken.length === 0 && seen - reader.cursor < STEP) {
      reader.seen = seen
      return false
    }
    const lanes = taken.map(entry => ({ offset: entry.offset, lane: laneOf(subscription, entry) }))
    try {
      await this.#parts.store.feed(subscription, reader.cursor, seen, lanes)
      reader.cursor = reader.seen = seen
      reader.pending += taken.length
      return taken.length > 0
    } catch (error) {
      if (!isFault(error, 'VERSION_CONFLICT')) throw error
      this.changed()
      return false
    }
  }
}

/** What a turn came upon. */
export interface Fed {
  /** There were entries, wanted or not, and there may be more. */
  readonly found: boolean
  /** Some of them are to be delivered. */
  readonly queued: boolean
}

/** A subscription as far as this process knows it. */
interface Reader {
  readonly subscription: Subscription
  readonly tenant: string
  /** As stored. */
  cursor: number
  /** As far as was read; between the two is nothing that it wants. */
  seen: number
  pending: number
}

/** Deliveries of a subscription that may wait at once; more than that wait in the journal. */
const MOST_PENDING = 1_000
const PAGE = 500
/** Entries after which a cursor is written down though nothing matched, so that the next start need not read them again. */
const STEP = 500
/** Milliseconds for which what is known of the subscriptions is believed; others may have changed them. */
const KNOWN = 1_000
