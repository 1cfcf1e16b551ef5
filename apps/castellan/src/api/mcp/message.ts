import { isJsonObject, type JsonObject } from '../../kernel/index.ts'
import { code, RpcError } from './wire/rpc.ts'

/** Why a body is not taken as a message. */
export interface MessageProblem {
  readonly code: -32600 | -32602
  readonly message: string
  /** Of the request, when it has one that can be echoed. */
  readonly id: string | number | null
}

/** Most messages in a batch, which revisions up to 2025-03-26 know: each may be answered with a whole list. */
export const MAX_BATCH = 50

/**
 * What is wrong with the shape of a body, in words a person can act on; null when nothing is. What a well-formed message
 * means is judged elsewhere.
 * Source: JSON-RPC 2.0 sections 4 to 6; MCP 2025-11-25 and 2026-07-28, schema.
 */
export function messageProblem(body: unknown): MessageProblem | null {
  if (!Array.isArray(body)) return problemOf(body)
  if (body.length === 0) return invalid('a batch must not be empty')
  if (body.length > MAX_BATCH) return invalid(`a batch may hold ${MAX_BATCH} messages; this one has ${body.length}`)
  for (const message of body as readonly unknown[]) {
    const problem = problemOf(message)
    if (problem) return { ...problem, id: null }
  }
  return null
}

function problemOf(message: unknown): MessageProblem | null {
  if (!isJsonObject(message)) return invalid('a message is an object')
  const { jsonrpc, method, params } = message
  if ('id' in message && !isId(message.id)) return invalid('"id" must be a string or a whole number')
  const id = (message.id as string | number | undefined) ?? null
  if (jsonrpc !== '2.0') return invalid('"jsonrpc" must be "2.0"', id)
  if (!('method' in message)) {
    const answers = 'result' in message || 'error' in message
    return answers ? null : invalid('a message has a "method", or it answers with "result" or "error"', id)
  }
  if (typeof method !== 'string') return invalid('"method" must be a string', id)
  if (method === 'initialize' && id === null) return invalid('"initialize" needs an "id"')
  if (params === undefined) return null
  if (!isJsonObject(params)) return invalid('"params" must be an object', id)
  const { _meta: meta, arguments: args } = params
  // The SDK would leave it out without a word, and something else would run than was asked for.
  if (isJsonObject(args) && Object.hasOwn(args, '__proto__')) {
    return { code: -32602, message: 'Invalid params: an argument cannot be named "__proto__"', id }
  }
  if (meta === undefined) return null
  if (!isJsonObject(meta)) return invalid('"params._meta" must be an object', id)
  if (meta.progressToken === undefined || isId(meta.progressToken)) return null
  return invalid('"params._meta.progressToken" must be a string or a whole number', id)
}

/** What is wrong with the params of a request, by what its method takes; null when nothing is, or the method is not known. */
export function paramsProblem(method: string, params: JsonObject): RpcError | null {
  const checked = checks.get(method)
  if (checked === undefined) return null
  for (const [name, [fits, expected]] of checked) {
    if (!fits(params[name]))
      return new RpcError(code.invalidParams, `Invalid params: "${name}" of ${method} must be ${expected}`)
  }
  return null
}

type Check = readonly [fits: (value: unknown) => boolean, expected: string]

const text: Check = [value => typeof value === 'string', 'a string']
const object: Check = [isJsonObject, 'an object']
const texts: Check = [
  value => isJsonObject(value) && Object.values(value).every(each => typeof each === 'string'),
  'an object of strings',
]
const optional = ([fits, expected]: Check): Check => [value => value === undefined || fits(value), expected]
const list = { cursor: optional(text) }

const checks: ReadonlyMap<string, readonly (readonly [name: string, check: Check])[]> = new Map(
  Object.entries<Readonly<Record<string, Check>>>({
    initialize: { protocolVersion: text, capabilities: object, clientInfo: object },
    'tools/list': list,
    'resources/list': list,
    'resources/templates/list': list,
    'prompts/list': list,
    'tools/call': { name: text, arguments: optional(object) },
    'resources/read': { uri: text },
    'resources/subscribe': { uri: text },
    'resources/unsubscribe': { uri: text },
    'prompts/get': { name: text, arguments: optional(texts) },
    'completion/complete': { ref: object, argument: object, context: optional(object) },
  }).map(([method, params]) => [method, Object.entries(params)]),
)

function isId(value: unknown): boolean {
  return typeof value === 'string' || Number.isSafeInteger(value)
}

function invalid(why: string, id: string | number | null = null): MessageProblem {
  return { code: -32600, message: `Invalid Request: ${why}`, id }
}
