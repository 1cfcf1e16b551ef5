import type { Entry, SequencedEntry } from '../../journal/index.ts'

/**
 * The newest entries, as they were written by this process: readers that keep up need not ask the database. Only for a database
 * with no other writer. Says nothing rather than something with a gap.
 */
export class JournalTail {
  #entries: SequencedEntry[] = []

  /** Takes in what a transaction added, up to the offset that its last entry got. */
  add(entries: readonly Entry[], head: number): void {
    if (entries.length === 0) return
    const first = head - entries.length + 1
    if (this.#entries.at(-1)?.offset !== first - 1) this.#entries = []
    for (const [index, entry] of entries.entries()) this.#entries.push({ offset: first + index, ...entry })
    // Half of them at once, so that it is not done for every entry.
    if (this.#entries.length > 2 * MOST_KEPT) this.#entries = this.#entries.slice(-MOST_KEPT)
  }

  /** Every entry after an offset; undefined when that is not known here. */
  after(offset: number): readonly SequencedEntry[] | undefined {
    const [first] = this.#entries
    if (!first || offset < first.offset - 1) return undefined
    const skipped = offset - first.offset + 1
    return skipped > this.#entries.length ? undefined : this.#entries.slice(skipped)
  }
}

const MOST_KEPT = 4_000
