import type { Claimed, ServerOwners } from '../../gate/index.ts'
import { type Clock, isFault } from '../../kernel/index.ts'

interface Holding {
  readonly fence: number
  /** Until when it is ours whatever the others do, by our monotonic clock. */
  until: number
  /** Connections that need it. */
  uses: number
  /** Called when it is somebody else's. */
  readonly onLost: Set<() => void>
}

export interface HoldingsParts {
  readonly node: string
  readonly owners: ServerOwners
  readonly clock: Clock
  /** Milliseconds. */
  readonly lease: number
  /** Nobody here needs it any more, or it was lost: others are sent away. */
  readonly onEnded: (pool: string) => void
  readonly onError: (error: unknown) => void
}

/** What this node runs on behalf of all. */
export class Holdings {
  readonly #parts: HoldingsParts
  readonly #held = new Map<string, Holding>()
  /** Claims and releases of a pool happen one after the other. */
  readonly #turns = new Map<string, Promise<unknown>>()
  #timer: NodeJS.Timeout | undefined
  #renewing: Promise<void> = Promise.resolve()

  constructor(parts: HoldingsParts) {
    this.#parts = parts
  }

  /**
   * Who runs it; when that is us, it stays so until {@link leave} was called as often, or it is lost, which is told at once.
   * Throws `STORE_UNAVAILABLE`.
   */
  enter(pool: string, address: string, onLost: () => void): Promise<Claimed> {
    return this.#inTurn(pool, async () => {
      const { owners, node, clock, lease } = this.#parts
      const asked = clock.monotonic()
      const owner = await owners.claim(pool, address, lease)
      if (owner.node !== node) return owner
      const known = this.#held.get(pool)
      const holding =
        known?.fence === owner.fence
          ? known
          : { fence: owner.fence, until: asked + lease, uses: 0, onLost: new Set<() => void>() }
      holding.uses++
      holding.onLost.add(onLost)
      this.#held.set(pool, holding)
      this.#timer ??= setTimeout(() => this.#renew(), lease / 4)
      return owner
    })
  }

  /** One connection less needs it; the last one gives it back. Never throws. */
  leave(pool: string, fence: number, onLost: () => void): Promise<void> {
    return this.#inTurn(pool, async () => {
      const holding = this.#held.get(pool)
      if (holding?.fence !== fence || !holding.onLost.delete(onLost) || --holding.uses > 0) return
      this.#held.delete(pool)
      this.#parts.onEnded(pool)
      await this.#parts.owners.release(pool, fence).catch(this.#parts.onError)
    })
  }

  /** Whether it is certain that nobody else runs it now. */
  isOurs(pool: string, fence?: number): boolean {
    const holding = this.#held.get(pool)
    if (!holding || (fence !== undefined && holding.fence !== fence)) return false
    return this.#parts.clock.monotonic() < holding.until
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer)
    await this.#renewing
    clearTimeout(this.#timer)
    await Promise.all(this.#turns.values())
  }

  #renew(): void {
    this.#timer = undefined
    this.#renewing = this.#renewAll().finally(() => {
      if (this.#held.size > 0) this.#timer ??= setTimeout(() => this.#renew(), this.#parts.lease / 4)
    })
  }

  async #renewAll(): Promise<void> {
    const { owners, clock, lease, onError, onEnded } = this.#parts
    const before = [...this.#held]
    if (before.length === 0) return
    const asked = clock.monotonic()
    try {
      const fences = await owners.renew(lease)
      for (const [pool, holding] of before) {
        if (this.#held.get(pool) !== holding) continue
        if (fences.get(pool) === holding.fence) {
          holding.until = asked + lease
          continue
        }
        this.#held.delete(pool)
        onEnded(pool)
        for (const lost of holding.onLost) lost()
      }
    } catch (error) {
      // The lease ends by itself; until the store is back nobody can take it over, or somebody has.
      if (!isFault(error, 'STORE_UNAVAILABLE')) onError(error)
    }
  }

  #inTurn<T>(pool: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.#turns.get(pool) ?? Promise.resolve()).then(work)
    const settled = turn.then(
      () => undefined,
      () => undefined,
    )
    this.#turns.set(pool, settled)
    void settled.then(() => {
      if (this.#turns.get(pool) === settled) this.#turns.delete(pool)
    })
    return turn
  }
}
