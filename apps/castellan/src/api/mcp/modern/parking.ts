import { newId } from '../../../kernel/index.ts'
import type { Passage } from './passage.ts'

/** How long a call waits for the answer to what its client was asked, milliseconds. */
export const PATIENCE = 10 * 60_000
const MOST = 1_000
const MOST_OF_ONE = 100

interface Parked {
  readonly passage: Passage
  readonly timer: NodeJS.Timeout
}

/** Calls that wait for their client to come back with answers; each for ten minutes, and then it is given up. */
export class Parking {
  readonly #parked = new Map<string, Parked>()

  /** The name under which it waits; null when there is no room. */
  park(passage: Passage): string | null {
    let own = 0
    for (const { passage: other } of this.#parked.values()) if (other.owner === passage.owner) own++
    if (this.#parked.size >= MOST || own >= MOST_OF_ONE) return null
    const id = newId()
    const timer = setTimeout(() => {
      this.#parked.delete(id)
      passage.giveUp()
    }, PATIENCE)
    this.#parked.set(id, { passage, timer })
    return id
  }

  /** Takes it out; undefined when it was taken out before. */
  leave(id: string): Passage | undefined {
    const parked = this.#parked.get(id)
    if (!parked) return undefined
    this.#parked.delete(id)
    clearTimeout(parked.timer)
    return parked.passage
  }

  close(): void {
    for (const id of this.#parked.keys()) this.leave(id)?.giveUp()
  }
}
