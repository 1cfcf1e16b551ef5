import { fault } from '../../kernel/index.ts'
import { headersFrom } from '../http-client/index.ts'

/** What the operator adds to every request, by where it goes. Holds secrets in the clear. */
export interface OperatorValues {
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>
  readonly query: readonly (readonly [name: string, value: string])[]
  readonly cookies: readonly (readonly [name: string, value: string])[]
}

/**
 * Sorts the values of a connection: a plain name is a header; `query:NAME` and `cookie:NAME` go where an API key of such
 * a security scheme belongs. Throws `SECRET_UNREADABLE` for what cannot be sent, without showing it.
 */
export function operatorValues(values: Readonly<Record<string, string>>): OperatorValues {
  const headers: Record<string, string> = {}
  const query: [string, string][] = []
  const cookies: [string, string][] = []
  for (const [name, value] of Object.entries(values)) {
    if (name.startsWith('query:')) query.push(pair(name, value, /./))
    else if (name.startsWith('cookie:')) cookies.push(pair(name, value, /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/))
    else headers[name] = value
  }
  return { headers: headersFrom(headers), query, cookies }
}

/** The places that are taken by the operator, such as `header:x-api-key` or `query:key`: no tool has a say there. */
export function takenPlaces({ headers, query, cookies }: OperatorValues): string[] {
  return [
    ...Object.keys(headers).map(name => `header:${name}`),
    ...query.map(([name]) => `query:${name}`),
    ...cookies.map(([name]) => `cookie:${name}`),
  ]
}

function pair(place: string, value: string, allowed: RegExp): [string, string] {
  const name = place.slice(place.indexOf(':') + 1)
  if (!allowed.test(name)) throw fault('SECRET_UNREADABLE', { name: place.slice(0, 64), why: 'that is no name for it' })
  if (!value.isWellFormed()) throw fault('SECRET_UNREADABLE', { name: place.slice(0, 64), why: 'it is not valid text' })
  // Files and commands that secrets come from like to end in a line break.
  return [name, value.replace(/[\r\n]+$/, '')]
}
