import { isJsonObject, type JsonObject, type JsonValue } from '../../kernel/index.ts'
import type { Ask } from '../http-client/index.ts'
import type { Body, Operation, Parameter } from './operation.ts'
import type { OperatorValues } from './operator-values.ts'
import { hasDotSegment, parsePath } from './path-template.ts'
import { inHeader, inPairs, inPath } from './serialize.ts'

/**
 * The request an operation's arguments become, below `base`, or a sentence for the caller why they cannot become one.
 * What the operator set stands above whatever arguments say.
 */
export function buildRequest(operation: Operation, args: JsonObject, base: URL, own: OperatorValues): Ask | string {
  const path = pathOf(operation, args)
  if (!path.startsWith('/')) return path
  const query = [
    ...operation.parameters.filter(each => each.in === 'query').flatMap(each => pairsOf(each, args)),
    ...own.query.map(([name, value]) => [encodeURIComponent(name), encodeURIComponent(value)] as const),
  ]
  const headers: Record<string, string> = {
    accept: 'application/json, text/*;q=0.9, */*;q=0.8',
    'accept-encoding': 'identity',
  }
  for (const parameter of operation.parameters) {
    if (parameter.in !== 'header' || !Object.hasOwn(args, parameter.argument)) continue
    const text = inHeader(parameter, args[parameter.argument]!)
    if (text === undefined) continue
    if (/[^\t\x20-\x7e\x80-\xff]/.test(text))
      return `"${parameter.argument}" holds a character that a header cannot carry.`
    headers[parameter.name.toLowerCase()] = text
  }
  const body = operation.body && bodyOf(operation.body, args)
  if (body && 'problem' in body) return body.problem
  if (body && operation.body) headers['content-type'] = operation.body.contentType
  const { cookie, ...set } = own.headers
  Object.assign(headers, set)
  const cookies = [
    ...(cookie === undefined ? [] : [cookie]),
    ...own.cookies.map(([name, value]) => `${name}=${encodeURIComponent(value)}`),
    ...operation.parameters
      .filter(each => each.in === 'cookie')
      .flatMap(each => pairsOf(each, args).map(([name, text]) => `${name}=${text}`)),
  ]
  if (cookies.length > 0) headers.cookie = cookies.join('; ')
  const search = query.map(([name, text]) => `${name}=${text}`).join('&')
  return {
    method: operation.method,
    path: base.pathname.replace(/\/+$/, '') + path + (search === '' ? '' : `?${search}`),
    headers,
    ...(body ? { body: body.text } : {}),
  }
}

/** The path, beginning with a slash, or what is wrong. */
function pathOf({ path, parameters }: Operation, args: JsonObject): string {
  let built = ''
  for (const piece of parsePath(path)) {
    if ('text' in piece) {
      built += piece.text
      continue
    }
    const parameter = parameters.find(each => each.in === 'path' && each.name === piece.parameter)
    const value = parameter && Object.hasOwn(args, parameter.argument) ? args[parameter.argument]! : null
    const text = parameter && value !== null ? inPath(parameter, value) : ''
    // An empty segment would be another path, often that of the whole collection.
    if (text === '' || text === '.')
      return `"${parameter?.argument ?? piece.parameter}" must not be empty: it is part of the path.`
    built += text
  }
  // Percent-encoding does not help here: "." and ".." are resolved even when encoded.
  if (hasDotSegment(built)) return 'The arguments would make "." or ".." a segment of the path, which leads elsewhere.'
  return built
}

function pairsOf(parameter: Parameter, args: JsonObject): readonly (readonly [string, string])[] {
  return Object.hasOwn(args, parameter.argument) ? inPairs(parameter, args[parameter.argument]!) : []
}

function bodyOf(body: Body, args: JsonObject): { readonly text: string } | { readonly problem: string } | null {
  const value: JsonValue | undefined = Object.hasOwn(args, 'body') ? args.body : undefined
  if (value === undefined) return body.required ? { problem: 'This tool needs a "body".' } : null
  switch (body.is) {
    case 'json':
      return { text: JSON.stringify(value) }
    case 'text':
      return { text: typeof value === 'string' ? value : JSON.stringify(value) }
    case 'form':
      if (!isJsonObject(value)) return { problem: '"body" must be an object: it is sent as a form.' }
      return { text: formOf(body, value) }
    default:
      throw body.is satisfies never
  }
}

/** Source: OpenAPI 3.1.1 section 4.8.14.4: by default arrays repeat their field, and objects are JSON. */
function formOf({ fields }: Body, value: JsonObject): string {
  return Object.entries(value)
    .flatMap(([name, each]) => {
      const field = Object.hasOwn(fields, name) ? fields[name] : undefined
      const json = field === undefined && isJsonObject(each)
      return inPairs({ name, style: 'form', explode: true, allowReserved: false, ...field, json }, each)
    })
    .map(([name, text]) => `${name}=${text}`)
    .join('&')
}
