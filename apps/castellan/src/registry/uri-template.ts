/**
 * Whether a URI may come from a URI template. Each expression stands for a run of characters: `{var}` without `/`,
 * reserved and path expressions (`{+var}`, `{/var*}`, `{?q}`) for any. Only a routing test: the server judges the values.
 * Source: RFC 6570, levels 1 to 4, matched loosely.
 */
export function fitsTemplate(template: string, uri: string): boolean {
  const parts = template.split(/(\{[^}]*\})/)
  return fits(parts, 0, uri, 0, { steps: 10_000 })
}

function fits(parts: readonly string[], part: number, uri: string, at: number, budget: { steps: number }): boolean {
  if (budget.steps-- <= 0) return false
  const current = parts[part]
  if (current === undefined) return at === uri.length
  if (!current.startsWith('{'))
    return uri.startsWith(current, at) && fits(parts, part + 1, uri, at + current.length, budget)
  const anything = /^\{[+#/?&.;]/.test(current)
  for (let end = at; end <= uri.length; end++) {
    if (fits(parts, part + 1, uri, end, budget)) return true
    if (!anything && (uri[end] === '/' || uri[end] === '?' || uri[end] === '#')) return false
  }
  return false
}
