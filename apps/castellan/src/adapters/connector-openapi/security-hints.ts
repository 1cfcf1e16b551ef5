import { isJsonObject, type JsonObject } from '../../kernel/index.ts'
import type { DocumentSet } from './document-set.ts'
import { plain, Unsupported } from './document-problem.ts'

/** One sentence for each security scheme of a document that the operator has set nothing for. */
export function securityHints(root: JsonObject, documents: DocumentSet, taken: readonly string[]): string[] {
  const components = isJsonObject(root.components) ? root.components : {}
  const schemes = isJsonObject(components.securitySchemes) ? components.securitySchemes : {}
  const wanted = Object.entries(schemes).flatMap(([name, value]) => {
    const place = placeOf(value, documents)
    return place === null ? [] : [{ name, place }]
  })
  // Schemes are usually alternatives, so one that is provided for is enough.
  if (wanted.some(({ place }) => taken.includes(place))) return []
  return wanted.map(
    ({ name, place }) => `security scheme "${plain(name)}": no value is set for it; it belongs into ${shown(place)}`,
  )
}

function placeOf(value: unknown, documents: DocumentSet): string | null {
  try {
    const scheme = documents.follow(value, documents.base, '').value
    if (!isJsonObject(scheme)) return null
    if (scheme.type === 'http' || scheme.type === 'oauth2' || scheme.type === 'openIdConnect')
      return 'header:authorization'
    if (scheme.type !== 'apiKey' || typeof scheme.name !== 'string' || typeof scheme.in !== 'string') return null
    const name = scheme.in === 'header' ? scheme.name.toLowerCase() : scheme.name
    return `${scheme.in}:${name}`
  } catch (error) {
    if (!(error instanceof Unsupported)) throw error
    return null
  }
}

function shown(place: string): string {
  return place.startsWith('header:') ? `the header "${plain(place.slice(7))}"` : `"${plain(place)}" beside the headers`
}
