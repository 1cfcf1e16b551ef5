/** The end of a complaint about an unknown name: the known one it was probably meant to be, or nothing. */
export function didYouMean(given: string, known: readonly string[]): string {
  const meant = closest(given, known)
  return meant === undefined ? '' : `; did you mean ${meant}?`
}

/** The known name fewest edits away, when that is few enough to be a slip. */
export function closest(given: string, known: readonly string[]): string | undefined {
  const most = Math.max(2, Math.floor(given.length / 4))
  let best: { readonly name: string; readonly edits: number } | undefined
  for (const name of known) {
    if (Math.abs(name.length - given.length) > most) continue
    const edits = editsBetween(given.toLowerCase(), name.toLowerCase())
    if (edits <= most && edits < (best?.edits ?? Infinity)) best = { name, edits }
  }
  return best?.name
}

/** Levenshtein distance, row by row. */
function editsBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1))
    }
    row = next
  }
  return row[b.length]!
}
