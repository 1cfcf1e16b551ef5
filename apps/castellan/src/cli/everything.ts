import type { List } from '@castellan/contracts'

/** All items of a list that comes in pages. */
export async function everything<T>(
  pageAfter: (page: { limit: number; after?: string }) => Promise<List<T>>,
): Promise<T[]> {
  const all: T[] = []
  let after: string | null = null
  do {
    const page: List<T> = await pageAfter({ limit: 500, ...(after === null ? {} : { after }) })
    all.push(...page.items)
    after = page.next
  } while (after !== null)
  return all
}
