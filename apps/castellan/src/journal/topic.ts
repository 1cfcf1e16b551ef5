/**
 * Whether a dotted topic matches a pattern: `*` is exactly one level, a final `>` is one level or more.
 * `call.*` matches `call.ended`; `>` matches everything.
 */
export function matchesTopic(pattern: string, topic: string): boolean {
  const wanted = pattern.split('.')
  const levels = topic.split('.')
  for (let index = 0; index < wanted.length; index++) {
    if (wanted[index] === '>' && index === wanted.length - 1) return levels.length > index
    if (index >= levels.length) return false
    if (wanted[index] !== '*' && wanted[index] !== levels[index]) return false
  }
  return levels.length === wanted.length
}
