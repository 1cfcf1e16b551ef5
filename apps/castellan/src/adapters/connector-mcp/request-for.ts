import type { JsonObject } from '../../kernel/index.ts'
import type { Call, UpstreamError } from '../../gate/index.ts'
import { paramHeaders } from './param-headers.ts'

interface Request {
  readonly method: string
  readonly params: JsonObject
  readonly headers?: Readonly<Record<string, string>>
}

/** Where the idempotency key travels, for servers that know what to do with one. */
const IDEMPOTENCY_KEY = 'castellan/idempotencyKey'

/** The request a call becomes; with the headers that mirror arguments when the transport has headers for each request. */
export function requestFor(call: Call, withHeaders: boolean): Request | { readonly error: UpstreamError } {
  const named = paramsOf(call)
  if (named === null) {
    return { error: { code: -32602, message: 'A resource template is read with its URI in the argument "uri".' } }
  }
  const { upstreamKey } = call
  const _meta = { ...call.context.meta, ...(upstreamKey !== null && { [IDEMPOTENCY_KEY]: upstreamKey }) }
  const params = { ...named, ...givenInput(call.input), ...(Object.keys(_meta).length > 0 && { _meta }) }
  if (!withHeaders || call.method !== 'tools/call') return { method: call.method, params }
  return { method: call.method, params, headers: paramHeaders(call.capability.definition, call.args) }
}

/** Source: MCP 2026-07-28, multi round-trip requests (SEP-2322). */
function givenInput(input: Call['input']): JsonObject | null {
  if (input === null) return null
  const { responses, state } = input
  return state === null ? { inputResponses: responses } : { inputResponses: responses, requestState: state }
}

function paramsOf({ method, capability, args }: Call): JsonObject | null {
  const { name, primitive } = capability
  switch (method) {
    case 'tools/call':
      return { name, arguments: args }
    case 'prompts/get':
      return { name, arguments: args }
    case 'resources/read':
      if (primitive !== 'template') return { uri: name }
      return typeof args.uri === 'string' ? { uri: args.uri } : null
    case 'resources/subscribe':
      return { uri: typeof args.uri === 'string' ? args.uri : name }
    case 'tasks/get':
    case 'tasks/update':
    case 'tasks/cancel':
      return args
    case 'completion/complete':
      // The reference is made from the capability that was judged, whatever the arguments say.
      return {
        ...args,
        ref: primitive === 'prompt' ? { type: 'ref/prompt', name } : { type: 'ref/resource', uri: name },
      }
    default:
      throw method satisfies never
  }
}
