import { type Entry, hintedOrDue, type Journal, readTogether, type SequencedEntry } from '../../journal/index.ts'
import { type Clock, isFault, isoTime, newId } from '../../kernel/index.ts'
import type { Calendar } from './calendar.ts'
import type { Ignition } from './ignition.ts'
import { DUE, isFor } from './occasion.ts'
import { seeToStandstill } from './standstill.ts'
import { standsStill, type Trigger, type TriggerStanding } from './trigger.ts'
import type { Passage, TriggerStore } from './trigger-store.ts'

export interface TriggerLoopParts {
  readonly store: TriggerStore
  readonly journal: Journal
  readonly ignition: Ignition
  readonly calendar: Calendar
  readonly clock: Clock
  /** Most failures that are kept of one trigger: with as many it stands still. */
  readonly mostKept: number
  /** A run was started. */
  readonly started: () => void
  readonly onBug: (error: unknown) => void
}

/**
 * Looks through the journal on behalf of every trigger, and starts what they are there for. Any number of processes may do so: the place of
 * a trigger and the run that it starts are one transaction, so of those who find the same entry one gets through. Moments of cron and calls
 * from outside are entries, too, and go the same way.
 */
export class TriggerLoop {
  readonly #parts: TriggerLoopParts
  readonly #stopping = new AbortController()
  #readers: Reader[] = []
  /** The newest offset there was when {@link #readers} were looked up. */
  #head = 0
  #staleAt = -Infinity
  #hint = Promise.withResolvers<void>()
  #loop: Promise<void> = Promise.resolve()
  #stopListening: () => void = () => undefined

  constructor(parts: TriggerLoopParts) {
    this.#parts = parts
  }

  start(): void {
    this.#stopListening = this.#parts.journal.store.onAppended(() => this.#hint.resolve())
    this.#loop = this.#run()
  }

  /** What is known of the triggers is no longer so. */
  readonly changed = (): void => {
    this.#staleAt = -Infinity
    this.#hint.resolve()
  }

  /** Starts nothing more. Idempotent. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#stopListening()
    this.#hint.resolve()
    await this.#loop
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      // Renewed before reading: a hint that comes during the read must not be missed.
      this.#hint = Promise.withResolvers<void>()
      let found = false
      try {
        found = await this.turn()
      } catch (error) {
        if (!isFault(error, 'STORE_UNAVAILABLE')) this.#parts.onBug(error)
      }
      if (!found && !signal.aborted) await hintedOrDue(this.#hint.promise, POLL)
    }
  }

  /** Looks at the clock and at a page of the journal for each; resolves with whether there may be more at once. */
  async turn(): Promise<boolean> {
    if (this.#parts.clock.monotonic() >= this.#staleAt) await this.#lookUp()
    const readers = this.#readers.filter(({ stalled }) => !stalled)
    for (const reader of readers) await this.#tick(reader)
    const bounds = { head: this.#head, page: PAGE }
    const { store } = this.#parts.journal
    const read = await readTogether(store, readers, bounds, (...page) => this.#advance(...page))
    return read.some(({ entries, came }) => entries.length > 0 && came.includes(true))
  }

  async #lookUp(): Promise<void> {
    const { store, journal, clock } = this.#parts
    this.#staleAt = clock.monotonic() + KNOWN
    const known = new Map(this.#readers.map(each => [each.trigger.id, each]))
    const standings = (await store.triggers()).filter(({ trigger }) => trigger.enabled)
    const seen = await Promise.all(standings.map(standing => this.#seeTo(standing)))
    this.#readers = seen
      .filter(standing => standing !== null)
      .map(standing => {
        const { trigger, position, moment, kept } = standing
        const before = known.get(trigger.id)
        const same = before?.trigger.version === trigger.version && before.position === position
        const place = { position, moment, seen: same ? before.seen : position }
        return { trigger, tenant: trigger.tenant, ...place, kept, stalled: standsStill(standing) }
      })
    if (this.#readers.length > 0) this.#head = await journal.store.head()
  }

  /** How it stands, once it was looked whether it is to stand still; null when somebody else has just changed that. */
  async #seeTo(standing: TriggerStanding): Promise<TriggerStanding | null> {
    try {
      return await seeToStandstill(this.#parts, standing)
    } catch (error) {
      if (!isFault(error, 'VERSION_CONFLICT')) throw error
      this.changed()
      return null
    }
  }

  /** Writes down the moments that have come: what they start is found in the journal, by whoever is there then. */
  async #tick(reader: Reader): Promise<void> {
    const { store, calendar, clock } = this.#parts
    const { trigger, moment } = reader
    const { source } = trigger
    if (source.is !== 'cron') return
    const now = clock.now()
    const since = new Date(moment)
    const most = source.catchUp === 'all' ? MOST_CAUGHT_UP : 1
    const passed = calendar.passed(source.expression, source.zone, since, now, most)
    const last = passed.at(-1)
    if (last === undefined) return
    const wanted = source.catchUp === 'none' ? passed.filter(at => now.getTime() - at.getTime() < LATE) : passed
    try {
      const entries = wanted.map(at => this.#due(trigger, at))
      await store.tick(trigger, moment, last.getTime(), entries)
      reader.moment = last.getTime()
    } catch (error) {
      if (!isFault(error, 'VERSION_CONFLICT')) throw error
      this.changed()
    }
  }

  #due({ id, tenant, name }: Trigger, at: Date): Entry {
    const moment = isoTime(at)
    return this.#parts.journal.seal({
      tenant,
      stream: `trigger-moment:${id}:${moment}`,
      seq: 0,
      type: DUE,
      principal: 'system',
      correlationId: newId(),
      data: { trigger: id, name, moment },
    })
  }

  /** Resolves with whether it got through all of them. */
  async #advance(reader: Reader, entries: readonly SequencedEntry[], to: number): Promise<boolean> {
    try {
      for (const entry of entries) {
        if (this.#stopping.signal.aborted) return false
        if (isFor(reader.trigger, entry) && !(await this.#meet(reader, entry))) return false
        reader.seen = entry.offset
      }
      reader.seen = to
      if (to - reader.position < STEP) return true
      await this.#parts.store.skip(reader.trigger, reader.position, to)
      reader.position = to
      return true
    } catch (error) {
      if (!isFault(error, 'VERSION_CONFLICT')) throw error
      this.changed()
      return false
    }
  }

  /** False when it has to wait, since as many runs are open, or failures kept, as may be. */
  async #meet(reader: Reader, entry: SequencedEntry): Promise<boolean> {
    const { ignition, started, mostKept } = this.#parts
    const { trigger } = reader
    const passage = await ignition.of(trigger, entry, this.#stopping.signal)
    if (passage === null) return true
    try {
      await this.#pass(reader, entry, passage)
    } catch (error) {
      if (!isFault(error, 'TRIGGER_FULL')) throw error
      return false
    }
    reader.position = entry.offset
    if (passage.is === 'started') started()
    if (passage.is === 'failed' && ++reader.kept >= mostKept) {
      reader.stalled = true
      reader.seen = entry.offset
      this.changed()
      return false
    }
    return true
  }

  async #pass({ trigger, position }: Reader, entry: SequencedEntry, passage: Passage): Promise<void> {
    const { store, ignition } = this.#parts
    const told = await ignition.told(trigger, entry, passage)
    try {
      await store.pass(trigger, position, entry.offset, passage, [told])
    } catch (error) {
      // It was told already, of another entry with the same cause.
      if (passage.is !== 'refused' || !isFault(error, 'STREAM_CONFLICT')) throw error
      await store.skip(trigger, position, entry.offset)
    }
  }
}

/** A trigger as far as this process knows it. */
interface Reader {
  readonly trigger: Trigger
  readonly tenant: string
  /** As stored. */
  position: number
  moment: number
  /** How much is kept of what failed. */
  kept: number
  /** Whether it stands still. */
  stalled: boolean
  /** As far as was read; between the two is nothing that it is for. */
  seen: number
}

const PAGE = 200
/** Entries after which a place is written down though nothing matched, so that the next start need not read them again. */
const STEP = 500
/** Milliseconds. */
const POLL = 1_000
/** Milliseconds for which what is known of the triggers is believed; others may have changed them. */
const KNOWN = 1_000
/** Moments that are caught up on at most, the newest of them. */
const MOST_CAUGHT_UP = 100
/** Milliseconds after which a moment was missed. */
const LATE = 60_000
