import { isJsonObject, type JsonObject, type JsonValue } from '../../kernel/index.ts'
import type { DocumentSet } from './document-set.ts'
import { plain, Unsupported } from './document-problem.ts'
import { type Body, styles } from './operation.ts'
import { isJson } from './read-parameters.ts'

export interface DescribedBody extends Body {
  readonly schema: JsonValue
  readonly base: string
  readonly notes: JsonObject
}

/** The body of an operation in the first form we can write: JSON, then a form, then text. Throws {@link Unsupported}. */
export function readBody(
  requestBody: JsonValue | undefined,
  base: string,
  documents: DocumentSet,
): DescribedBody | null {
  if (requestBody === undefined) return null
  const found = documents.follow(requestBody, base, '')
  if (!isJsonObject(found.value) || !isJsonObject(found.value.content)) throw new Unsupported('its body has no content')
  const { content, required, description } = found.value
  for (const [is, fits] of FORMS) {
    const fitting = Object.entries(content).find(([mediaType]) => fits(mediaType))
    if (!fitting) continue
    const [mediaType, media] = fitting
    if (!isJsonObject(media)) throw new Unsupported('the content of its body is not an object')
    return {
      is,
      contentType: mediaType.includes('*') ? 'application/json' : headerSafe(mediaType),
      required: required === true,
      fields: is === 'form' ? fieldsOf(media.encoding) : {},
      schema: media.schema ?? (is === 'json' ? {} : { type: is === 'form' ? 'object' : 'string' }),
      base: found.base,
      notes: typeof description === 'string' ? { description } : {},
    }
  }
  const known = Object.keys(content).map(plain).slice(0, 3).join(', ')
  throw new Unsupported(`its body is sent as ${known || 'nothing'}, which we cannot write`)
}

const FORMS: readonly (readonly [Body['is'], (mediaType: string) => boolean])[] = [
  ['json', isJson],
  ['form', mediaType => /^application\/x-www-form-urlencoded\s*(;|$)/i.test(mediaType)],
  ['text', mediaType => /^text\/plain\s*(;|$)/i.test(mediaType)],
]

function headerSafe(mediaType: string): string {
  if (!/^[\x20-\x7e]+$/.test(mediaType)) throw new Unsupported('the media type of its body cannot be sent')
  return mediaType
}

function fieldsOf(encoding: JsonValue | undefined): Body['fields'] {
  if (!isJsonObject(encoding)) return {}
  const fields = Object.entries(encoding).flatMap(([name, each]) => {
    if (!isJsonObject(each)) return []
    const style = styles.find(style => style === each.style)
    if (style === undefined && typeof each.explode !== 'boolean' && each.allowReserved !== true) return []
    const explode = typeof each.explode === 'boolean' ? each.explode : (style ?? 'form') === 'form'
    return [[name, { style: style ?? 'form', explode, allowReserved: each.allowReserved === true }] as const]
  })
  return Object.fromEntries(fields)
}
