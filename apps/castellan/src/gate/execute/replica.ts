import { type Clock, isFault } from '../../kernel/index.ts'
import type { Connector, Link, LinkEvents, Target } from '../connector.ts'
import type { Bulkhead } from './bulkhead.ts'

type State =
  | { readonly is: 'idle' }
  | { readonly is: 'opening'; readonly link: Promise<Link> }
  | { readonly is: 'open'; readonly link: Link }
  /** The last attempt to open failed; the next one waits. */
  | { readonly is: 'resting'; readonly until: number; readonly error: unknown }
  | { readonly is: 'closed' }

/** One replica of a server: opened when first needed, closed when idle, opened again with backoff after it broke. */
export class Replica {
  readonly #connector: Connector
  readonly #target: () => Promise<Target>
  readonly #events: LinkEvents
  readonly #openings: Bulkhead
  readonly #clock: Clock
  readonly #onOpened: () => void
  readonly #onBroken: () => void
  #state: State = { is: 'idle' }
  #failures = 0
  #broken = 0
  #suspectUntil = 0
  #inUse = 0
  #lastUsed: number
  readonly #drained = new Set<() => void>()

  constructor(parts: {
    readonly connector: Connector
    /** Resolves the secrets; asked each time a connection opens. */
    readonly target: () => Promise<Target>
    readonly events: LinkEvents
    /** Bounds how many connections open at once, so that a restart is no storm. */
    readonly openings: Bulkhead
    readonly clock: Clock
    readonly onOpened: () => void
    /** The connection ended, and nobody here closed it. */
    readonly onBroken: () => void
  }) {
    this.#connector = parts.connector
    this.#target = parts.target
    this.#events = parts.events
    this.#openings = parts.openings
    this.#clock = parts.clock
    this.#onOpened = parts.onOpened
    this.#onBroken = parts.onBroken
    this.#lastUsed = parts.clock.monotonic()
  }

  /** Uses under way. */
  get load(): number {
    return this.#inUse
  }

  /** Whether a call may be sent here now without waiting for a rest to end. */
  get available(): boolean {
    if (this.#state.is === 'closed') return false
    return this.#state.is !== 'resting' || this.#clock.monotonic() >= this.#state.until
  }

  /** Whether it broke lately: it may be asked, but another is the better choice. */
  get suspect(): boolean {
    return this.#broken > 0 && this.#clock.monotonic() < this.#suspectUntil
  }

  /** Milliseconds to leave it alone, after what happened lately. */
  get rest(): number {
    const until = this.#state.is === 'resting' ? this.#state.until : -Infinity
    return Math.max(0, Math.max(until, this.#broken > 0 ? this.#suspectUntil : -Infinity) - this.#clock.monotonic())
  }

  /**
   * What came of a use. One that breaks at once has the least load of all, so without this it would draw every call to
   * itself; and a repetition would go where the first attempt has just failed.
   */
  report(broke: boolean): void {
    if (!broke) this.#broken = 0
    // What breaks together is one failure.
    else if (!this.suspect) this.#suspectUntil = this.#clock.monotonic() + backoff(this.#broken++)
  }

  /** Neither open nor about to be, and nobody is at it. */
  get isUnused(): boolean {
    return this.#inUse === 0 && this.#state.is === 'idle'
  }

  get isOpen(): boolean {
    return this.#state.is === 'open'
  }

  /**
   * Runs with an open link. Throws what opening throws; while resting, the fault that led to the rest. A probe does not
   * count as use, or a server nobody uses would never be let go.
   */
  async use<T>(signal: AbortSignal, work: (link: Link) => Promise<T>, isProbe = false): Promise<T> {
    this.#inUse++
    try {
      return await work(await this.#link(signal))
    } finally {
      this.#inUse--
      if (!isProbe) this.#lastUsed = this.#clock.monotonic()
      if (this.#inUse === 0) for (const done of this.#drained) done()
    }
  }

  async #link(signal: AbortSignal): Promise<Link> {
    signal.throwIfAborted()
    const state = this.#state
    switch (state.is) {
      case 'open':
        return state.link
      case 'opening':
        return withSignal(state.link, signal)
      case 'closed':
        throw new Error('this replica was closed')
      case 'resting':
        if (this.#clock.monotonic() < state.until) throw state.error
        return withSignal(this.#open(), signal)
      case 'idle':
        return withSignal(this.#open(), signal)
      default:
        throw state satisfies never
    }
  }

  /** Not bound to one caller's signal: others may be waiting for the same link. */
  #open(): Promise<Link> {
    const link = this.#openNow()
    this.#state = { is: 'opening', link }
    link.then(
      opened => {
        if (this.#state.is === 'closed') return void opened.close()
        const since = this.#clock.monotonic()
        this.#failures = 0
        this.#lastUsed = since
        this.#state = { is: 'open', link: opened }
        this.#onOpened()
        void opened.closed.then(() => {
          if (this.#state.is !== 'open' || this.#state.link !== opened) return
          this.#state = { is: 'idle' }
          // One that held has nothing to do with what broke before it, also where nobody has called since.
          if (this.#clock.monotonic() - since >= LONGEST_REST) this.#broken = 0
          this.#onBroken()
        })
      },
      (error: unknown) => {
        if (this.#state.is === 'closed') return
        const until = this.#clock.monotonic() + backoff(this.#failures++)
        this.#state = { is: 'resting', until, error }
      },
    )
    return link
  }

  async #openNow(): Promise<Link> {
    const target = await this.#target()
    const leave = await this.#openings.enter(AbortSignal.timeout(target.timeouts.connect * 4))
    try {
      // Counted from here: waiting for its turn must not use up the time a server has to connect.
      return await this.#connector.open(target, this.#events, AbortSignal.timeout(target.timeouts.connect))
    } finally {
      leave()
    }
  }

  /** Ends a rest: what the last attempt to open failed for has changed. */
  wake(): void {
    this.#broken = 0
    if (this.#state.is !== 'resting') return
    this.#failures = 0
    this.#state = { is: 'idle' }
  }

  unwatch(uri: string): void {
    if (this.#state.is === 'open') this.#state.link.unwatch?.(uri)
  }

  /** Closes the link when it has not been used for so many milliseconds. */
  async closeIfIdle(after: number): Promise<void> {
    if (this.#state.is !== 'open' || this.#inUse > 0 || this.#clock.monotonic() - this.#lastUsed < after) return
    const { link } = this.#state
    this.#state = { is: 'idle' }
    await link.close()
  }

  /** Lets a probe that failed on an open link show: the next use opens anew. */
  async drop(): Promise<void> {
    if (this.#state.is !== 'open') return
    const { link } = this.#state
    this.#state = { is: 'idle' }
    await link.close()
  }

  /** Refuses new uses, waits for those under way as long as the signal lets it, then closes for good. */
  async close(signal?: AbortSignal): Promise<void> {
    const state = this.#state
    this.#state = { is: 'closed' }
    if (this.#inUse > 0 && signal) await this.#untilDrained(signal)
    if (state.is === 'open') await state.link.close()
    if (state.is === 'opening') await state.link.then(link => link.close()).catch(ignoreFault)
  }

  async #untilDrained(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#drained.add(resolve)
    signal.addEventListener('abort', () => resolve(), { once: true })
    if (signal.aborted) resolve()
    await promise
    this.#drained.delete(resolve)
  }
}

/** Milliseconds to leave a replica alone after so many failures before this one: up to 30 s, with jitter. */
function backoff(failures: number): number {
  return Math.min(LONGEST_REST, 250 * 2 ** Math.min(failures, 12)) * (0.5 + Math.random() / 2)
}

const LONGEST_REST = 30_000

function ignoreFault(error: unknown): void {
  if (!isFault(error)) throw error
}

async function withSignal<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const abort = () => reject(signal.reason as Error)
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
