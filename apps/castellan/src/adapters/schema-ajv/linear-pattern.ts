import { RE2JS } from 're2js'

/** A regular expression that matches in time linear in the text. */
export interface LinearPattern {
  test(text: string): boolean
}

/**
 * The pattern with the meaning ECMA-262 gives it (Unicode mode), or why there is none: look-around, backreferences, counts
 * beyond 1,000, long names of Unicode properties, or an automaton that would be too large.
 */
export function linearPattern(source: string): LinearPattern | { readonly refused: string } {
  if (patternCost(source) > MAX_COST) return { refused: 'is too large' }
  try {
    const compiled = RE2JS.compile(RE2JS.translateRegExp(ecmaClasses(source)))
    return { test: text => compiled.test(text) }
  } catch {
    return { refused: 'cannot be matched in linear time, or is not a regular expression' }
  }
}

/** About how many states the automaton has: the length, times the counted repetitions as far as the engine nests them. */
export function patternCost(source: string): number {
  let times = 1
  for (const [, least, most] of source.matchAll(/\{(\d{1,9})(?:,(\d{0,9}))?\}/g)) {
    times = Math.min(1_000, times * Math.max(1, Number(least), Number(most ?? 0)))
  }
  return source.length * times
}

const MAX_COST = 50_000

/**
 * RE2 knows fewer white spaces and line ends than ECMA-262 (12.2, 12.3, 22.2.2.9), and no backspace in a class: they are
 * written out.
 */
function ecmaClasses(source: string): string {
  let written = ''
  let inClass = false
  for (let at = 0; at < source.length; at++) {
    const unit = source[at]!
    if (unit === '\\') {
      const escape = source[++at] ?? ''
      if (escape === 's' || escape === 'S') {
        const members = escape === 's' ? SPACES : NOT_SPACES
        written += inClass ? members : `[${members}]`
      } else written += inClass && escape === 'b' ? '\\x08' : `\\${escape}`
      continue
    }
    if (unit === '[') inClass = true
    else if (unit === ']') inClass = false
    written += unit === '.' && !inClass ? '[^\\n\\r\\u2028\\u2029]' : unit
  }
  return written
}

const SPACES = '\\t-\\r \\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff'
const NOT_SPACES =
  '\\x00-\\x08\\x0e-\\x1f!-\\u009f\\u00a1-\\u167f\\u1681-\\u1fff\\u200b-\\u2027\\u202a-\\u202e\\u2030-\\u205e\\u2060-\\u2fff' +
  '\\u3001-\\ufefe\\uff00-\\u{10ffff}'
