import type { Place } from './operation.ts'

/**
 * Names of the tool's arguments, by the parameters' order. A parameter keeps its own name, with characters that model
 * providers refuse replaced by `_`. Parameters that would share a name, or one that would be called `body` beside a body,
 * get their place as suffix, such as `id_path` and `id_query`: all of them, so that the order does not matter.
 */
export function argumentNames(
  parameters: readonly { readonly name: string; readonly in: Place }[],
  hasBody: boolean,
): string[] {
  const plain = parameters.map(({ name }) => sanitized(name))
  const taken = new Set<string>(hasBody ? ['body'] : [])
  const wanted = parameters.map((parameter, index) => {
    const name = plain[index]!
    const clashes = taken.has(name) || plain.filter(other => other === name).length > 1
    return clashes ? `${name}_${parameter.in}` : name
  })
  return wanted.map(name => {
    let free = name
    for (let number = 2; taken.has(free); number++) free = `${name}_${number}`
    taken.add(free)
    return free
  })
}

function sanitized(name: string): string {
  if (/^[A-Za-z0-9_.-]{1,52}$/.test(name)) return name
  const plain = name.replace(/[^A-Za-z0-9_.-]+/g, '_').replace(/^_+|_+$/g, '')
  return plain.slice(0, 52) || 'value'
}
