/**
 * Circles in a graph of files: one for each knot of files that reach each other, as a shortest way round from its first file
 * in alphabetical order.
 * Source: Tarjan, Depth-first search and linear graph algorithms (1972), for the knots.
 */
export function cycles(edges: ReadonlyMap<string, readonly string[]>): string[][] {
  return knots(edges)
    .filter(knot => knot.length > 1 || edges.get(knot[0]!)?.includes(knot[0]!))
    .map(knot => wayRound(knot.toSorted()[0]!, new Set(knot), edges))
}

function knots(edges: ReadonlyMap<string, readonly string[]>): string[][] {
  const found: string[][] = []
  const index = new Map<string, number>()
  const low = new Map<string, number>()
  const stack: string[] = []
  const enter = (file: string): void => {
    index.set(file, index.size)
    low.set(file, index.get(file)!)
    stack.push(file)
    for (const next of edges.get(file) ?? []) {
      if (!index.has(next)) {
        enter(next)
        low.set(file, Math.min(low.get(file)!, low.get(next)!))
      } else if (stack.includes(next)) {
        low.set(file, Math.min(low.get(file)!, index.get(next)!))
      }
    }
    if (low.get(file) === index.get(file)) found.push(stack.splice(stack.indexOf(file)))
  }
  for (const file of edges.keys()) if (!index.has(file)) enter(file)
  return found
}

function wayRound(start: string, knot: ReadonlySet<string>, edges: ReadonlyMap<string, readonly string[]>): string[] {
  const cameFrom = new Map<string, string>()
  const queue = [start]
  for (const file of queue) {
    for (const next of edges.get(file) ?? []) {
      if (next === start) return trace(start, file, cameFrom)
      if (!knot.has(next) || cameFrom.has(next)) continue
      cameFrom.set(next, file)
      queue.push(next)
    }
  }
  throw new Error(`${start} is in a knot and in no circle`)
}

function trace(start: string, end: string, cameFrom: ReadonlyMap<string, string>): string[] {
  const way = [end]
  while (way[0] !== start) way.unshift(cameFrom.get(way[0]!)!)
  return way
}
