/** The lines of two texts, one after the other: `- ` for those that went, `+ ` for those that came, blanks for the rest. */
export function lineDiff(before: readonly string[], after: readonly string[]): string[] {
  let start = 0
  while (start < before.length && start < after.length && before[start] === after[start]) start++
  let end = 0
  while (end < before.length - start && end < after.length - start && before.at(-1 - end) === after.at(-1 - end)) end++
  const [old, now] = [before.slice(start, before.length - end), after.slice(start, after.length - end)]
  return [
    ...before.slice(0, start).map(line => `  ${line}`),
    ...changed(old, now),
    ...before.slice(before.length - end).map(line => `  ${line}`),
  ]
}

/** More cells than this would take too long; then everything went, and everything came. */
const MOST_CELLS = 4_000_000

function changed(old: readonly string[], now: readonly string[]): string[] {
  const went = old.map(line => `- ${line}`)
  const came = now.map(line => `+ ${line}`)
  if (old.length * now.length > MOST_CELLS) return [...went, ...came]
  const common = longestCommon(old, now)
  const lines: string[] = []
  let [a, b] = [0, 0]
  while (a < old.length || b < now.length) {
    if (a < old.length && b < now.length && old[a] === now[b]) {
      lines.push(`  ${old[a]}`)
      a++
      b++
    } else if (b === now.length || (a < old.length && common[a + 1]![b]! >= common[a]![b + 1]!)) lines.push(went[a++]!)
    else lines.push(came[b++]!)
  }
  return lines
}

/** How many lines the rests from each pair of places on have in common. */
function longestCommon(old: readonly string[], now: readonly string[]): Uint32Array[] {
  const common = Array.from({ length: old.length + 1 }, () => new Uint32Array(now.length + 1))
  for (let a = old.length - 1; a >= 0; a--) {
    for (let b = now.length - 1; b >= 0; b--) {
      common[a]![b] = old[a] === now[b] ? common[a + 1]![b + 1]! + 1 : Math.max(common[a + 1]![b]!, common[a]![b + 1]!)
    }
  }
  return common
}
