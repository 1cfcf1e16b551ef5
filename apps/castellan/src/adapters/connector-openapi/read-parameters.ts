import { isJsonObject, type JsonObject, type JsonValue } from '../../kernel/index.ts'
import type { DocumentSet, Found } from './document-set.ts'
import { plain, Unsupported } from './document-problem.ts'
import { OF_THE_CONNECTION } from '../http-client/index.ts'
import { type Parameter, type Place, type Style, styles } from './operation.ts'

/** A parameter as the document describes it, before it has an argument's name. */
export interface DescribedParameter extends Omit<Parameter, 'argument'> {
  readonly required: boolean
  readonly schema: JsonValue
  /** The file its schema stands in. */
  readonly base: string
  readonly notes: JsonObject
}

/**
 * The parameters of an operation, those of its path included, in the document's order. What belongs to the operator or the
 * connection (`taken`, see takenPlaces) is not among them. Throws {@link Unsupported}.
 */
export function readParameters(
  lists: readonly { readonly parameters: JsonValue | undefined; readonly base: string }[],
  documents: DocumentSet,
  taken: ReadonlySet<string>,
): DescribedParameter[] {
  const found = new Map<string, DescribedParameter>()
  for (const { parameters, base } of lists) {
    if (parameters === undefined) continue
    if (!Array.isArray(parameters)) throw new Unsupported('its parameters are not a list')
    for (const each of parameters as readonly JsonValue[]) {
      const described = readParameter(documents.follow(each, base, ''))
      // The operation's own come last, and replace those of the path.
      found.set(`${described.in}:${described.name}`, described)
    }
  }
  return [...found.values()].filter(
    ({ in: place, name }) => !isReserved(place, name) && !taken.has(placeKey(place, name)),
  )
}

function readParameter({ value, base }: Found): DescribedParameter {
  if (!isJsonObject(value)) throw new Unsupported('a parameter is not an object')
  const { name, in: place } = value
  if (typeof name !== 'string' || name === '') throw new Unsupported('a parameter has no name')
  if (place !== 'path' && place !== 'query' && place !== 'header' && place !== 'cookie') {
    throw new Unsupported(`its parameter "${plain(name)}" stands in no place we know`)
  }
  if ((place === 'header' || place === 'cookie') && !/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) {
    throw new Unsupported(`its parameter "${plain(name)}" has a name that HTTP does not allow`)
  }
  const media = isJsonObject(value.content) ? Object.entries(value.content)[0] : undefined
  const style = styleOf(value.style, place, name)
  const { description, deprecated, example } = value
  return {
    name,
    in: place,
    style,
    explode: typeof value.explode === 'boolean' ? value.explode : style === 'form',
    allowReserved: value.allowReserved === true,
    json: media !== undefined && isJson(media[0]),
    required: place === 'path' || value.required === true,
    schema: media === undefined ? (value.schema ?? {}) : isJsonObject(media[1]) ? (media[1].schema ?? {}) : {},
    base,
    notes: {
      ...(typeof description === 'string' ? { description } : {}),
      ...(deprecated === true ? { deprecated } : {}),
      ...(example !== undefined ? { examples: [example] } : {}),
    },
  }
}

/** Which styles fit where. Source: OpenAPI 3.1.1 section 4.8.12.3. */
const FITTING: Readonly<Record<Place, readonly Style[]>> = {
  path: ['simple', 'label', 'matrix'],
  query: ['form', 'spaceDelimited', 'pipeDelimited', 'deepObject'],
  header: ['simple'],
  cookie: ['form'],
}

function styleOf(given: JsonValue | undefined, place: Place, name: string): Style {
  const style = given === undefined ? FITTING[place][0]! : styles.find(each => each === given)
  if (style === undefined || !FITTING[place].includes(style)) {
    throw new Unsupported(`the style of its parameter "${plain(name)}" does not fit its place`)
  }
  return style
}

/**
 * Headers no tool has a say in: those of the connection, those OpenAPI itself sets aside, and those by which some
 * frameworks let a GET act as another method, which would escape the effect class.
 */
const RESERVED: ReadonlySet<string> = new Set([
  ...OF_THE_CONNECTION,
  'accept',
  'accept-encoding',
  'authorization',
  'content-type',
  'cookie',
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
])

function isReserved(place: Place, name: string): boolean {
  return place === 'header' && RESERVED.has(name.toLowerCase())
}

function placeKey(place: Place, name: string): string {
  return `${place}:${place === 'header' ? name.toLowerCase() : name}`
}

export function isJson(mediaType: string): boolean {
  return /^(application\/([\w.-]+\+)?json|text\/json|application\/\*|\*\/\*)\s*(;|$)/i.test(mediaType.trim())
}
