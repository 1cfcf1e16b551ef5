import { setImmediate } from 'node:timers/promises'
import type { Identity } from '../identity/index.ts'
import { matchesPattern } from './names.ts'
import type { Offer, Offers, View } from './offer.ts'
import { best } from './search/best.ts'
import { Reading } from './search/reading.ts'

export interface ToolQuery {
  /** Words in any order and form, finished or not. */
  readonly words: string
  /** Most tools to find. */
  readonly limit: number
  /** Only tools of servers whose name fits this pattern. */
  readonly server?: string | undefined
}

export interface FoundTool {
  readonly offer: Offer
  /** How well it fits: above 0, and comparable within one answer only. */
  readonly score: number
}

/** What a search asks of the registry. */
interface Searched {
  /** What an identity may see on an endpoint now; the same object as long as that is the same. */
  offers(identity: Identity, view: View): Offers
  /** How many capabilities there are, of all tenants. */
  capabilities(): number
}

/**
 * Finds tools by words. A definition is read once, whoever asks for it and however often catalogues change around it; what a
 * word is worth is counted anew for what a principal may see on an endpoint, as long as that stays the same.
 */
export class ToolSearch {
  readonly #registry: Searched
  #reading = new Reading()

  constructor(registry: Searched) {
    this.#registry = registry
  }

  /** The tools that fit best of those an identity may see on an endpoint: the best first, equally good ones by name. */
  async find(identity: Identity, view: View, { words, limit, server }: ToolQuery): Promise<readonly FoundTool[]> {
    const offers = this.#registry.offers(identity, view)
    const reading = this.#freshReading()
    while (!reading.readOn(offers)) await setImmediate()
    const tools = offers.list.tool
    const scores = reading
      .scores(words, offers)
      .map((score, at) => (server === undefined || matchesPattern(server, tools[at]!.server.name) ? score : 0))
    // While others had their turn a grant may have gone, and nothing is shown on the strength of it any more.
    const now = this.#registry.offers(identity, view)
    return best(scores, limit).flatMap(at => {
      const offer = now.find('tool', tools[at]!.exposed)
      return offer ? [{ offer, score: scores[at]! }] : []
    })
  }

  /** What was read so far, or nothing once most of it is of definitions that are gone. */
  #freshReading(): Reading {
    if (this.#reading.size > 2 * this.#registry.capabilities() + 1_000) this.#reading = new Reading()
    return this.#reading
  }
}
