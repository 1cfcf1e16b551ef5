import type { SequencedEntry } from './entry.ts'
import type { JournalStore } from './journal-store.ts'

/** Somebody who looks through the journal of a tenant, and how far they have. */
interface Reader {
  readonly tenant: string
  readonly seen: number
}

/** What became of a page. */
interface Read<Came> {
  readonly entries: readonly SequencedEntry[]
  /** Of each reader of it. */
  readonly came: readonly Came[]
}

/**
 * Reads one page for each; those of a tenant who are as far as each other read the same. `head` is an offset that was there before. Each is
 * told the entries, and how far they lead: nothing comes before an offset that was there, so what a page did not have up to the head will
 * never be.
 */
export function readTogether<Each extends Reader, Came>(
  store: Pick<JournalStore, 'read'>,
  readers: readonly Each[],
  { head, page }: { readonly head: number; readonly page: number },
  tell: (reader: Each, entries: readonly SequencedEntry[], to: number) => Promise<Came>,
): Promise<Read<Came>[]> {
  const groups = Map.groupBy(readers, ({ tenant, seen }) => `${tenant} ${seen}`)
  return Promise.all(
    [...groups.values()].map(async group => {
      const { tenant, seen } = group[0]!
      const entries = await store.read(seen, page, { tenant })
      const last = entries.at(-1)?.offset ?? seen
      const to = entries.length === page ? last : Math.max(last, head)
      return { entries, came: await Promise.all(group.map(reader => tell(reader, entries, to))) }
    }),
  )
}
