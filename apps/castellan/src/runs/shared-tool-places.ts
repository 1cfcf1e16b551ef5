import { hintedOrDue } from '../journal/index.ts'
import { type Clock, isFault, newId } from '../kernel/index.ts'
import type { ToolPlace, ToolPlaceStore } from './tool-place-store.ts'

export interface SharedToolPlacesParts {
  readonly store: ToolPlaceStore
  /** Calls of each tool at once, in all processes together. */
  readonly most: number
  /** Calls back when something happened somewhere, until the returned function is called. Hints may be late, merged or lost. */
  readonly onHint: (hint: () => void) => () => void
  readonly clock: Pick<Clock, 'monotonic'>
  readonly onBug: (error: unknown) => void
  /** Milliseconds after which the places of a process that is gone, or stands still, are anybody's. */
  readonly lease?: number
}

/**
 * Places for the calls that the runs of all processes on one store make of each tool. Who finds none waits, in the order in which they came to
 * the store; nothing has begun until then. Nothing is asked of the store while nobody calls and nobody waits.
 */
export class SharedToolPlaces {
  readonly #parts: SharedToolPlacesParts
  readonly #lease: number
  readonly #waiting = new Map<string, { readonly place: ToolPlace; readonly come: () => void }>()
  readonly #calling = new Map<string, ToolPlace>()
  #watches = false
  #hinted = Promise.withResolvers<void>()
  /** Settles when nothing is being kept that has left meanwhile. */
  #kept: Promise<unknown> = Promise.resolve()

  constructor(parts: SharedToolPlacesParts) {
    this.#parts = parts
    this.#lease = parts.lease ?? LEASE
  }

  /**
   * Resolves with what gives the place back, to be called once; with null when the signal is aborted before there is one. Throws
   * `STORE_UNAVAILABLE` when the store cannot say it.
   */
  async take(tool: string, signal: AbortSignal): Promise<(() => Promise<void>) | null> {
    if (signal.aborted) return null
    const place = { id: newId(), tool }
    const { promise: came, resolve } = Promise.withResolvers<boolean>()
    const giveUp = () => resolve(false)
    signal.addEventListener('abort', giveUp, { once: true })
    try {
      await this.#parts.store.enter([place], this.#lease)
      this.#waiting.set(place.id, { place, come: () => resolve(true) })
      this.#watch()
      if (await came) return () => this.#leave(place)
    } catch (error) {
      // It may have come into the line all the same.
      await this.#leave(place)
      throw error
    } finally {
      signal.removeEventListener('abort', giveUp)
    }
    await this.#leave(place)
    return null
  }

  /** Never fails for the store: what it could not be told it finds out when the lease is over. */
  async #leave({ id }: ToolPlace): Promise<void> {
    this.#waiting.delete(id)
    this.#calling.delete(id)
    await this.#kept
    await this.#parts.store.leave(id).catch(error => this.#tell(error))
    // The next may be here.
    this.#hinted.resolve()
  }

  /** As long as anybody calls or waits. */
  #watch(): void {
    this.#hinted.resolve()
    if (this.#watches) return
    this.#watches = true
    void this.#watching()
  }

  async #watching(): Promise<void> {
    const { clock, onHint } = this.#parts
    const stopListening = onHint(() => this.#hinted.resolve())
    let keptAt = clock.monotonic()
    while (this.#waiting.size + this.#calling.size > 0) {
      this.#hinted = Promise.withResolvers<void>()
      try {
        const at = clock.monotonic()
        if (at - keptAt >= this.#lease / 4) {
          await this.#keep()
          keptAt = at
        }
        await this.#letIn()
      } catch (error) {
        this.#tell(error)
      }
      await hintedOrDue(this.#hinted.promise, Math.min(POLL, this.#lease / 4))
    }
    stopListening()
    this.#watches = false
  }

  async #keep(): Promise<void> {
    const keeping = this.#keepAll()
    this.#kept = keeping.catch(() => undefined)
    await keeping
  }

  async #keepAll(): Promise<void> {
    const { store } = this.#parts
    if (this.#calling.size > 0) await store.keep([...this.#calling.values()], this.#lease)
    const waiting = [...this.#waiting.values()].map(({ place }) => place)
    if (waiting.length > 0) await store.enter(waiting, this.#lease)
  }

  async #letIn(): Promise<void> {
    const tools = new Set([...this.#waiting.values()].map(({ place }) => place.tool))
    if (tools.size === 0) return
    for (const id of await this.#parts.store.first([...tools], this.#parts.most)) {
      const next = this.#waiting.get(id)
      if (!next) continue
      this.#waiting.delete(id)
      this.#calling.set(id, next.place)
      next.come()
    }
  }

  /** A store that cannot be reached is told of by whoever keeps it. */
  #tell(error: unknown): void {
    if (!isFault(error, 'STORE_UNAVAILABLE')) this.#parts.onBug(error)
  }
}

/** Milliseconds. */
const LEASE = 10_000
/** Milliseconds between looks at the line when nobody says that somebody left it. */
const POLL = 500
