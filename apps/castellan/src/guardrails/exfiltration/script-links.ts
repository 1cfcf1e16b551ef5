/** Schemes whose address is a program, and what it does when it does something: the rest are buttons. */
const IDLE =
  /^(?:void|;|history|window\.print|window\.close|print\(|location\.reload|window\.history|return|self\.close|$|\/\/|this\.)/i
const ACTING =
  /fetch\(|XMLHttpRequest|document\.(?:cookie|write|location)|location(?:\.href)?\s?=|eval\(|localStorage|sendBeacon|import\(|alert\(|atob\(|\.src\s?=|window\.open\(|prompt\(/i
const MARKDOWN = /\]\(\s{0,3}<?$/
const HTML = /(?:href|src|action|data|formaction)\s{0,2}=\s{0,2}["']?$/i

/** How surely the scheme at a place begins a link that runs a program; 0 when it does not. */
export function runsProgram(text: string, start: number, end: number): number {
  const before = text.slice(Math.max(0, start - 40), start)
  const markdown = MARKDOWN.test(before)
  if (!markdown && !HTML.test(before)) return 0
  const program = text.slice(end, end + 400).replace(/^[\s"']+/, '')
  if (/^data:/i.test(text.slice(start, end))) return /^[^,]{0,60},./.test(program) ? 0.8 : 0
  if (IDLE.test(program)) return 0
  return ACTING.test(program) ? 0.9 : markdown ? 0.7 : 0
}
