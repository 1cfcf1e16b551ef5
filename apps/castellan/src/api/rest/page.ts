import type { List } from '@castellan/contracts'

/** One page of what is kept in memory, in the order of `idOf`. */
export function pageOf<T, Wire>(
  all: readonly T[],
  { after, limit }: { readonly after?: string | undefined; readonly limit: number },
  idOf: (item: T) => string,
  wire: (item: T) => Wire,
): List<Wire> {
  const sorted = all.toSorted((a, b) => (idOf(a) < idOf(b) ? -1 : 1))
  const from = after === undefined ? sorted : sorted.filter(item => idOf(item) > after)
  const items = from.slice(0, limit)
  const last = items.at(-1)
  return { items: items.map(wire), next: from.length > limit && last !== undefined ? idOf(last) : null }
}
