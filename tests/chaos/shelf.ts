import type { Random } from '../support/random.ts'
import type { Rest } from '../support/rest.ts'
import type { Kind } from './resources.ts'

/** One resource: what it is known to be, and what an unanswered write may have made of it. Null means that it is not there. */
interface Item {
  known: string | null
  maybe?: string | null
}

/** The resources that were written, with every write that was acknowledged. */
export class Shelf {
  /** Writes that were acknowledged, by correlation id. */
  readonly acknowledged: string[] = []
  /** Writes that were answered with anything else. */
  readonly refused: string[] = []
  onAcknowledged: () => void = () => undefined
  onWriting: () => void = () => undefined
  readonly #items = new Map<string, Item>()
  readonly #busy = new Set<string>()
  readonly #kinds: readonly Kind[]
  #writes = 0

  constructor(kinds: readonly Kind[]) {
    this.#kinds = kinds
  }

  /** Makes, changes and removes resources, one after another, until the control plane is gone. */
  async write(rest: Rest, random: Random, gone: () => boolean, over: AbortSignal): Promise<void> {
    while (!gone() && !over.aborted) {
      const kind = random.pick(this.#kinds)
      const name = `${kind.name}-${random.int(1, kind.most)}`
      if (this.#busy.has(name)) continue
      this.#busy.add(name)
      try {
        await this.#writeOne(rest, kind, name, random, over)
        this.#busy.delete(name)
      } catch {
        // No answer: it is either so or as before, and stays untouched until that is known.
        return
      }
    }
  }

  /** Compares with what is there now, and takes that as known. Returns what is wrong. */
  async check(rest: Rest): Promise<string[]> {
    const wrong: string[] = []
    this.#busy.clear()
    for (const kind of this.#kinds) {
      const there = await kind.all(rest)
      for (const [name, item] of this.#items) {
        if (!name.startsWith(`${kind.name}-`)) continue
        const now = there.get(name) ?? null
        if (now !== item.known && (item.maybe === undefined || now !== item.maybe)) {
          const or = item.maybe === undefined ? '' : ` or ${item.maybe}`
          wrong.push(`${name} is ${now} and must be ${item.known}${or}`)
        }
        this.#items.set(name, { known: now })
      }
      wrong.push(...((await kind.behaves?.(rest, there)) ?? []))
    }
    return wrong
  }

  async #writeOne(rest: Rest, kind: Kind, name: string, random: Random, signal: AbortSignal): Promise<void> {
    const { known } = this.#items.get(name) ?? { known: null }
    const correlationId = `w${this.#writes++}`
    const wish = known !== null && random.chance(0.3) ? null : String(this.#writes)
    const ask = kind.ask(name, known, wish)
    if (ask === undefined) return
    this.#items.set(name, { known, maybe: ask.becomes })
    this.onWriting()
    const { status, body } = await rest.ask(ask.method, ask.path, { body: ask.body, correlationId, signal })
    if (status >= 300) {
      this.refused.push(`${ask.method} ${ask.path} answered ${status}: ${JSON.stringify(body)}`)
      return
    }
    ask.done?.(body)
    this.#items.set(name, { known: ask.becomes })
    this.acknowledged.push(correlationId)
    this.onAcknowledged()
  }
}
