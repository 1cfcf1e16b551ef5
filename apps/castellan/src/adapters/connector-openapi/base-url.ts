import { isJsonObject, type JsonValue } from '../../kernel/index.ts'

/**
 * The URL of the first of a document's `servers`, its variables at their defaults, relative ones resolved against the
 * document; without servers, the document's own origin. Or the reason why it cannot be used.
 * Source: OpenAPI 3.1.1 sections 4.8.5 and 4.8.6.
 */
export function baseUrl(servers: JsonValue | undefined, document: string): URL | string {
  const list: readonly JsonValue[] = Array.isArray(servers) && servers.length > 0 ? servers : [{ url: '/' }]
  const first = list[0]
  if (!isJsonObject(first) || typeof first.url !== 'string') return 'its first server has no URL'
  const variables = isJsonObject(first.variables) ? first.variables : {}
  let unknown = false
  const filled = first.url.replace(/\{([^{}]*)\}/g, (_, name: string) => {
    const variable = Object.hasOwn(variables, name) ? variables[name] : undefined
    if (isJsonObject(variable) && typeof variable.default === 'string') return variable.default
    unknown = true
    return ''
  })
  if (unknown) return 'the URL of its first server has a variable without a default'
  const url = URL.parse(filled, document)
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    return 'it names no server with an http or https URL'
  }
  if (url.username || url.password) return 'the URL of its first server holds credentials'
  url.hash = ''
  url.search = ''
  return url
}
