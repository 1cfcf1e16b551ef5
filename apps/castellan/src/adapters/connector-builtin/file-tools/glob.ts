/**
 * Whether a path fits a pattern: `*` stands for any characters of one name, `**` between slashes for any folders, none included, and
 * `?` for one character. Everything else stands for itself. Takes time by the product of both lengths at most.
 */
export function fitsGlob(pattern: string, path: string): boolean {
  return fits(
    pattern.split('/'),
    path.split('/'),
    part => part === '**',
    (part, name) =>
      fits(
        Array.from(part),
        Array.from(name),
        each => each === '*',
        (each, character) => each === '?' || each === character,
      ),
  )
}

/** Whether a row fits a row of parts, of which some stand for any run. Goes back to the last of those only. */
function fits<T>(
  parts: readonly T[],
  row: readonly T[],
  isAny: (part: T) => boolean,
  isThat: (part: T, each: T) => boolean,
): boolean {
  let part = 0
  let at = 0
  let any = -1
  let resume = 0
  while (at < row.length) {
    if (part < parts.length && isAny(parts[part]!)) {
      any = part++
      resume = at
    } else if (part < parts.length && isThat(parts[part]!, row[at]!)) {
      part++
      at++
    } else if (any >= 0) {
      part = any + 1
      at = ++resume
    } else return false
  }
  while (part < parts.length && isAny(parts[part]!)) part++
  return part === parts.length
}
