/** Most that is kept for one client, characters; the oldest events go first. */
const MOST_KEPT = 256 * 1024
/** What an event takes besides its text, about, in characters: one that only names a stream is not for nothing. */
const EVENT = 64
/** How long the events of a stream that ended are kept for a client that did not get its end, milliseconds. */
const AFTERLIFE = 60_000

interface Kept {
  readonly stream: number
  readonly number: number
  /** Null for the event that only names the stream. */
  readonly text: string | null
}

/** The latest events of one client's streams, for one that comes back after its connection broke. */
export class EventLog {
  readonly #now: () => number
  #events: Kept[] = []
  #size = 0
  #streams = 0
  #last = 0
  /** How many events of each stream are kept. */
  readonly #kept = new Map<number, number>()
  readonly #endedAt = new Map<number, number>()

  /** `now` in milliseconds of a monotonic clock. */
  constructor(now: () => number) {
    this.#now = now
  }

  /** A new stream. */
  open(): number {
    return ++this.#streams
  }

  /** The id of the event; every event of the log has a higher number than those before it. */
  add(stream: number, text: string | null): string {
    const number = ++this.#last
    this.#events.push({ stream, number, text })
    this.#size += cost(text)
    this.#kept.set(stream, (this.#kept.get(stream) ?? 0) + 1)
    this.#forget()
    return `${stream}-${number}`
  }

  ended(stream: number): void {
    this.#endedAt.set(stream, this.#now())
  }

  /** Whether anything of a stream is left. */
  keeps(stream: number): boolean {
    return this.#kept.has(stream)
  }

  /** The events of a stream after one of them. */
  after(stream: number, number: number): readonly { readonly id: string; readonly text: string }[] {
    return this.#events.flatMap(each =>
      each.stream === stream && each.number > number && each.text !== null
        ? [{ id: `${stream}-${each.number}`, text: each.text }]
        : [],
    )
  }

  #forget(): void {
    const before = this.#now() - AFTERLIFE
    for (const [stream, at] of this.#endedAt) {
      if (at > before) break
      this.#endedAt.delete(stream)
      if (!this.#kept.delete(stream)) continue
      this.#events = this.#events.filter(each => each.stream !== stream)
      this.#size = this.#events.reduce((size, { text }) => size + cost(text), 0)
    }
    while (this.#size > MOST_KEPT && this.#events.length > 1) {
      const { stream, text } = this.#events.shift()!
      this.#size -= cost(text)
      const left = this.#kept.get(stream)! - 1
      if (left > 0) this.#kept.set(stream, left)
      else this.#kept.delete(stream)
    }
  }
}

function cost(text: string | null): number {
  return EVENT + (text?.length ?? 0)
}

/** The stream and number that an event id names; null when it is none of ours. */
export function eventPlace(id: string): { readonly stream: number; readonly number: number } | null {
  const [, stream, number] = /^(\d{1,9})-(\d{1,12})$/.exec(id) ?? []
  return stream === undefined ? null : { stream: Number(stream), number: Number(number) }
}
