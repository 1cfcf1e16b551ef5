import { Option } from 'commander'
import { fault } from '../kernel/index.ts'

/** An option with one or more values of a list, separated by spaces or commas. */
export function several<T extends string>(
  flags: string,
  about: string,
  choices: readonly T[],
  fallback?: readonly T[],
): Option {
  const option = new Option(flags, `${about}: ${choices.join(', ')}`).argParser((given: string, before: unknown) => {
    const values = given.split(',').filter(Boolean)
    const strange = values.find(value => !(choices as readonly string[]).includes(value))
    if (strange !== undefined) {
      throw fault('REQUEST_INVALID', {
        why: `"${strange}" is not one of ${choices.join(', ')}; give some of these to ${flags.split(' ')[0]}`,
      })
    }
    // The first value given replaces the default, the others are added.
    const earlier = Array.isArray(before) && before !== fallback ? (before as T[]) : []
    return [...new Set([...earlier, ...values])]
  })
  return fallback === undefined ? option : option.default(fallback)
}
