import type { Chance } from './random.ts'

/** What may stand for a name in braces. */
export type Parts = Map<string, readonly string[]>

/** A form with a choice made for every `{name}`, in the choices, too; `{a|b|}` chooses on the spot, and `\n` breaks the line. Other braces are text. */
export function composed(form: string, parts: Parts, chance: Chance, depth = 0): string {
  if (depth > 12) throw new Error(`"${form}" never ends`)
  return form
    .replace(/\{(?<inside>[a-z0-9-]+|[^{}"]*\|[^{}"]*)\}/g, (_, inside: string) => {
      const choices = inside.includes('|') ? inside.split('|') : parts.get(inside)
      if (!choices) throw new Error(`nothing is called {${inside}}`)
      return composed(choices[Math.floor(chance() * choices.length)]!, parts, chance, depth + 1)
    })
    .replaceAll('\\n', '\n')
    .replace(/ {2,}/g, ' ')
}
