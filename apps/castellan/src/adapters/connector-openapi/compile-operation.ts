import { digestJson, isFault, type JsonObject, type JsonValue } from '../../kernel/index.ts'
import type { EffectClass } from '../../registry/index.ts'
import { argumentNames } from './argument-names.ts'
import { baseUrl } from './base-url.ts'
import { Unsupported } from './document-problem.ts'
import { type CompileContext, converted, type Draft } from './draft.ts'
import type { SchemaConversion } from './json-schema.ts'
import type { Operation } from './operation.ts'
import { withOutputSchema } from './output-schema.ts'
import { type DescribedBody, readBody } from './read-body.ts'
import { type DescribedParameter, readParameters } from './read-parameters.ts'

/** An operation as a tool. Throws {@link Unsupported} when it cannot be one. */
export function compileOperation(draft: Draft, name: string, context: CompileContext): Operation {
  const { method, path, item, operation, base, operationBase } = draft
  const { documents, taken } = context
  const lists = [
    { parameters: item.parameters, base },
    { parameters: operation.parameters, base: operationBase },
  ]
  const parameters = readParameters(lists, documents, taken)
  checkPath(draft, parameters)
  // Servers may ignore, drop or refuse a body here (RFC 9110 section 9.3).
  const body = hasNoBody(method) ? null : readBody(operation.requestBody, operationBase, documents)
  const argumentsNamed = argumentNames(parameters, body !== null)
  const ownBase = ownBaseOf(draft, context)

  const inputSchema = converted(context, 'request', conversion =>
    inputSchemaOf(parameters, argumentsNamed, body, conversion),
  )
  const effect = effectOfMethod(method)
  const definition: JsonObject = {
    name,
    ...titleOf(operation),
    description: descriptionOf(draft),
    inputSchema,
    annotations: {
      readOnlyHint: effect === 'read',
      ...(effect === 'read' ? {} : { destructiveHint: true }),
      idempotentHint: effect !== 'unsafe',
      openWorldHint: true,
    },
    _meta: { 'castellan/http': { method, path, ...serverNote(ownBase, context) } },
  }
  const sized = withOutputSchema(definition, draft, context)
  return {
    name,
    definition: sized,
    digest: digestOf(sized),
    method,
    path,
    parameters: parameters.map(({ name, in: place, style, explode, allowReserved, json }, index) => ({
      argument: argumentsNamed[index]!,
      name,
      in: place,
      style,
      explode,
      allowReserved,
      json,
    })),
    body: body && { is: body.is, contentType: body.contentType, required: body.required, fields: body.fields },
    base: ownBase,
  }
}

/** What a method promises (RFC 9110 section 9.2). PATCH may be anything. */
export function effectOfMethod(method: Operation['method']): EffectClass {
  switch (method) {
    case 'GET':
    case 'HEAD':
    case 'OPTIONS':
      return 'read'
    case 'PUT':
    case 'DELETE':
      return 'idempotent'
    case 'POST':
    case 'PATCH':
      return 'unsafe'
    default:
      throw method satisfies never
  }
}

function hasNoBody(method: Operation['method']): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS'
}

function checkPath({ pieces }: Draft, parameters: readonly DescribedParameter[]): void {
  const known = new Set(parameters.filter(each => each.in === 'path').map(({ name }) => name))
  for (const piece of pieces) {
    if ('parameter' in piece && !known.has(piece.parameter)) {
      throw new Unsupported('its path has a parameter that is not described')
    }
  }
}

function inputSchemaOf(
  parameters: readonly DescribedParameter[],
  names: readonly string[],
  body: DescribedBody | null,
  conversion: SchemaConversion,
): JsonObject {
  const properties: [string, JsonValue][] = []
  const required: string[] = []
  const add = (name: string, { schema, base, notes, required: needed }: DescribedParameter | DescribedBody) => {
    properties.push([name, annotated(conversion.convert(schema, base), notes)])
    if (needed) required.push(name)
  }
  parameters.forEach((parameter, index) => add(names[index]!, parameter))
  if (body) add('body', body)
  return {
    type: 'object',
    properties: Object.fromEntries(properties),
    ...(required.length > 0 ? { required } : {}),
    additionalProperties: false,
  }
}

function annotated(schema: JsonObject | boolean, notes: JsonObject): JsonValue {
  if (Object.keys(notes).length === 0) return schema
  return typeof schema === 'boolean' ? (schema ? notes : { not: {}, ...notes }) : { ...schema, ...notes }
}

function titleOf({ summary }: JsonObject): JsonObject {
  return typeof summary === 'string' && summary.trim() !== '' ? { title: summary.trim() } : {}
}

function descriptionOf({ method, path, operation: { summary, description, deprecated } }: Draft): string {
  const text = [description, summary].find(each => typeof each === 'string' && each.trim() !== '')
  return `${deprecated === true ? 'Deprecated. ' : ''}${typeof text === 'string' ? text.trim() : `${method} ${path}`}`
}

/** The base URL of this operation, when the document gives it another than the rest. */
function ownBaseOf({ operation, item, base }: Draft, { pinnedBase }: CompileContext): string | null {
  const servers = operation.servers ?? item.servers
  if (servers === undefined || pinnedBase === null) return null
  const own = baseUrl(servers, base)
  if (typeof own === 'string') throw new Unsupported(own)
  // The operator's secrets go with every request, so one operation must not lead them elsewhere.
  if (typeof pinnedBase === 'string' || own.origin !== pinnedBase.origin) {
    throw new Unsupported('it is served by another host than the rest; register that one as a server of its own')
  }
  return own.href
}

/** Where the document decides, the fingerprint covers where requests go. */
function serverNote(own: string | null, { pinnedBase }: CompileContext): JsonObject {
  if (pinnedBase === null || typeof pinnedBase === 'string') return {}
  return { server: own ?? pinnedBase.href }
}

function digestOf(definition: JsonObject): Operation['digest'] {
  try {
    return digestJson(definition)
  } catch (error) {
    if (!isFault(error, 'JSON_NOT_CANONICAL')) throw error
    throw new Unsupported(`its definition has no canonical form (${String(error.details.why)})`)
  }
}
