import { isFault } from '../kernel/index.ts'
import { Drive, type DriveParts } from './drive.ts'
import type { Held, RunStore } from './run-store.ts'

export interface EngineSettings {
  /** Runs this process takes on at once. */
  readonly slots: number
  /** Runs of one tenant at once, in all processes together. */
  readonly mostOfTenant: number
  /** Milliseconds after which the runs of a process that is gone, or stands still, are anybody's. */
  readonly lease: number
  /** Milliseconds between looks at the queue when nobody says that there is something in it. */
  readonly poll: number
}

export const engineByDefault: EngineSettings = { slots: 128, mostOfTenant: Infinity, lease: 20_000, poll: 1_000 }

/**
 * Claims runs that are due and drives them, as many at once as there are slots. Any number of processes may do so on one store. The
 * hints it is given make it quick; it looks by itself as well, so a hint that is lost delays a run and never loses it.
 */
export class Engine {
  /** Of this process, and of no other. */
  readonly owner: string
  readonly #parts: DriveParts
  readonly #settings: EngineSettings
  readonly #onBug: (error: unknown) => void
  readonly #drives = new Map<string, { readonly drive: Drive; readonly over: Promise<void> }>()
  readonly #loops: Promise<void>[] = []
  #lastTenant = ''
  #stopping = false
  #hint = Promise.withResolvers<void>()
  #look = Promise.withResolvers<void>()
  /** Resolves once nothing is driven any more. */
  readonly #still = Promise.withResolvers<void>()

  constructor(owner: string, parts: DriveParts, settings: EngineSettings, onBug: (error: unknown) => void) {
    this.owner = owner
    this.#parts = parts
    this.#settings = settings
    this.#onBug = onBug
  }

  start(): void {
    this.#loops.push(this.#claiming(), this.#watching(), this.#renewing())
  }

  /** There may be something to do: a run was queued, told something, or let go of. */
  hint(): void {
    this.#hint.resolve()
    this.#look.resolve()
  }

  get driving(): number {
    return this.#drives.size
  }

  /**
   * Claims nothing more and lets go of what it holds: runs go on elsewhere, or after the next start. What is under way may finish
   * until the signal aborts, and is broken off then.
   */
  async stop(signal: AbortSignal): Promise<void> {
    this.#stopping = true
    this.hint()
    for (const { drive } of this.#drives.values()) drive.stop()
    // A claim may be under way, whose runs are let go of as well.
    await this.#loops[0]
    const over = Promise.all([...this.#drives.values()].map(each => each.over))
    const enough = Promise.withResolvers<void>()
    const breakOff = () => {
      for (const { drive } of this.#drives.values()) drive.breakOff()
      enough.resolve()
    }
    signal.addEventListener('abort', breakOff, { once: true })
    if (signal.aborted) breakOff()
    await Promise.race([over, enough.promise])
    await over
    signal.removeEventListener('abort', breakOff)
    this.#still.resolve()
    this.#look.resolve()
    await Promise.all(this.#loops)
  }

  get #store(): RunStore {
    return this.#parts.store
  }

  async #claiming(): Promise<void> {
    const { lease, poll, slots, mostOfTenant: mostOfTenantInAll } = this.#settings
    while (!this.#stopping) {
      this.#hint = Promise.withResolvers<void>()
      let wait = poll
      try {
        const most = slots - this.#drives.size
        const bounds = { most, mostOfTenant: mostOf(slots), mostOfTenantInAll }
        const wish = { owner: this.owner, ...bounds, lease, after: this.#lastTenant }
        const claimed = most > 0 ? await this.#store.claim(wish) : []
        this.#lastTenant = claimed.at(-1)?.tenant ?? this.#lastTenant
        // One that cannot be begun keeps none of the others from it.
        await Promise.all(claimed.map(held => this.#begin(held).catch(error => this.#tell(error))))
        // There may be more, as long as there were any.
        if (claimed.length > 0) continue
        // Some may be due and not be claimed, as of a tenant that has enough under way.
        if (most > 0) wait = Math.max(SHORTEST_WAIT, await this.#store.nextDue(poll))
      } catch (error) {
        this.#tell(error)
      }
      await this.#pause(this.#hint.promise, wait)
    }
  }

  async #begin(held: Held): Promise<void> {
    const id = held.run
    const run = await this.#store.run(held.tenant, id)
    if (!run) throw new Error(`the run ${id} is in the queue and nowhere else`)
    const drive = new Drive(this.#parts, held, run)
    if (this.#stopping) drive.stop()
    // Whoever drives it here already stood still for longer than the lease.
    const before = this.#drives.get(id)
    before?.drive.look(undefined)
    const over = (before?.over ?? Promise.resolve())
      .then(() => drive.go())
      .catch(error => this.#tell(error))
      .finally(() => {
        if (this.#drives.get(id)?.drive === drive) this.#drives.delete(id)
        this.hint()
      })
    this.#drives.set(id, { drive, over })
  }

  /** Lets each drive know how its run is held now. */
  async #watching(): Promise<void> {
    while (!this.#stopping || this.#drives.size > 0) {
      this.#look = Promise.withResolvers<void>()
      try {
        const before = [...this.#drives]
        if (before.length > 0) {
          const holding = new Map((await this.#store.holding(this.owner)).map(held => [held.run, held]))
          for (const [id, { drive }] of before) if (this.#drives.has(id)) drive.look(holding.get(id))
        }
      } catch (error) {
        this.#tell(error)
      }
      await this.#pause(this.#look.promise, Math.min(this.#settings.poll, 500))
    }
  }

  async #renewing(): Promise<void> {
    const { lease } = this.#settings
    while (!this.#stopping || this.#drives.size > 0) {
      await this.#pause(this.#still.promise, lease / 4)
      try {
        const held = [...this.#drives.values()].map(({ drive }) => drive.held)
        if (held.length > 0) await this.#store.renew(this.owner, held, lease)
      } catch (error) {
        this.#tell(error)
      }
    }
  }

  async #pause(sooner: Promise<void>, milliseconds: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, milliseconds)
    await Promise.race([promise, sooner])
    clearTimeout(timer)
  }

  /** A store that cannot be reached is told of by whoever keeps it. */
  #tell(error: unknown): void {
    if (!isFault(error, 'STORE_UNAVAILABLE')) this.#onBug(error)
  }
}

/** Milliseconds. */
const SHORTEST_WAIT = 25

/** One tenant never has all slots of a process, so that the first run of another finds one. */
function mostOf(slots: number): number {
  return Math.max(1, slots - Math.ceil(slots / 4))
}
