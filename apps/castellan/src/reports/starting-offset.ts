import type { JournalStore } from '../journal/index.ts'

/**
 * An offset after which everything that happened in a tenant from a time on is to be found. Entries are in the order in which they
 * were written, which is nearly that of their times: what was written late stands later than its time, and an hour is left for the
 * clocks of several nodes. Looks at about as many entries as the number of all entries has binary digits.
 */
export async function startingOffset(
  store: Pick<JournalStore, 'read'>,
  tenant: string,
  since: Date,
  head: number,
): Promise<number> {
  const time = new Date(Math.max(0, since.getTime() - SLACK)).toISOString()
  let [before, beyond] = [0, head]
  while (before < beyond) {
    const middle = Math.floor((before + beyond) / 2)
    const [next] = await store.read(middle, 1, { tenant })
    if (next !== undefined && next.at < time) before = next.offset
    else beyond = middle
  }
  return before
}

const SLACK = 3_600_000
