import { fault } from '../kernel/index.ts'

/** The one of several that was said. Throws `REQUEST_INVALID` with what to say otherwise. */
export function only<Name extends string>(said: Readonly<Record<Name, unknown>>, otherwise: string): Name {
  const names = (Object.keys(said) as Name[]).filter(name => said[name] !== undefined)
  if (names.length !== 1) throw fault('REQUEST_INVALID', { why: otherwise })
  return names[0]!
}
