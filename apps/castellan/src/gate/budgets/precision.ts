/** Orders by how precisely a pattern says what it means: exact names first, then by how much is not left open. */
export function byPrecision<T>(patternOf: (item: T) => string): (a: T, b: T) => number {
  const open = (item: T) => (patternOf(item).includes('*') ? 1 : 0)
  const said = (item: T) => patternOf(item).replaceAll('*', '').length
  return (a, b) => open(a) - open(b) || said(b) - said(a) || (patternOf(a) < patternOf(b) ? -1 : 1)
}
