import type { IncomingHttpHeaders } from 'node:http'
import { isJsonObject, type JsonObject } from '../../kernel/index.ts'
import { code, type RequestId, RpcError } from './wire/rpc.ts'
import { envelopeKeys, LEGACY, MODERN } from './wire/revisions.ts'

/** Which protocol a posted body speaks. */
export type Era =
  | { readonly is: 'legacy' }
  | { readonly is: 'modern' }
  /** It says two things at once, or what nobody here understands; answered with HTTP 400. */
  | { readonly is: 'refused'; readonly error: RpcError; readonly id: RequestId | null }

const legacy: Era = { is: 'legacy' }
const modern: Era = { is: 'modern' }

/**
 * Tells the era of a body that is well-formed JSON-RPC: the body decides, the headers must not disagree. What a 2026
 * request must say in its headers is checked here, too, so that whoever routes by headers routes what we run.
 *
 * Source: MCP 2026-07-28, streamable HTTP: protocol version header, standard request headers (SEP-2243).
 */
export function eraOf(body: unknown, headers: IncomingHttpHeaders): Era {
  const version = headerOf(headers, 'mcp-protocol-version')
  if (!isJsonObject(body)) return batchEra(body)
  const { method } = body
  if (typeof method !== 'string') return legacy
  const id = (body.id as RequestId | undefined) ?? null
  const refuse = (error: RpcError): Era => ({ is: 'refused', error, id })
  const params = isJsonObject(body.params) ? body.params : {}
  const meta = isJsonObject(params._meta) ? params._meta : {}
  const claimed = meta[envelopeKeys.version]
  if (claimed === undefined) {
    // Who has a session speaks of it; a version it cannot have been begun with is refused there.
    if (version !== MODERN || headers['mcp-session-id'] !== undefined) return legacy
    // A notification says nothing of itself; the header is all there is.
    if (id === null) return modern
    if (method === 'initialize') return refuse(disagree(version, 'initialize is of revisions before 2026'))
    return refuse(new RpcError(code.invalidParams, `Invalid params: _meta lacks ${envelopeKeys.version}`))
  }
  if (typeof claimed !== 'string')
    return refuse(new RpcError(code.invalidParams, `Invalid params: ${envelopeKeys.version} must be a string`))
  if (isLegacy(claimed))
    return version === undefined || version === claimed ? legacy : refuse(bodySays(version, claimed))
  if (version !== undefined && version !== claimed) return refuse(bodySays(version, claimed))
  if (claimed !== MODERN) {
    const data = { supported: [MODERN], requested: claimed }
    return refuse(new RpcError(code.unsupportedVersion, `Unsupported protocol version: ${claimed.slice(0, 40)}`, data))
  }
  if (id === null) return modern
  const problem = envelopeProblem(meta) ?? headerProblem(method, params, headers)
  return problem === null ? modern : refuse(problem)
}

function isLegacy(version: string): boolean {
  return (LEGACY as readonly string[]).includes(version)
}

function batchEra(body: unknown): Era {
  const claims = (each: unknown): boolean =>
    isJsonObject(each) &&
    isJsonObject(each.params) &&
    isJsonObject(each.params._meta) &&
    each.params._meta[envelopeKeys.version] === MODERN
  if (!Array.isArray(body) || !body.some(claims)) return legacy
  return { is: 'refused', error: new RpcError(code.invalidRequest, `Revision ${MODERN} has no batches`), id: null }
}

function envelopeProblem(meta: JsonObject): RpcError | null {
  if (!isJsonObject(meta[envelopeKeys.capabilities])) return lacks(envelopeKeys.capabilities)
  const info = meta[envelopeKeys.clientInfo]
  return info === undefined || isJsonObject(info) ? null : lacks(envelopeKeys.clientInfo)
}

function lacks(key: string): RpcError {
  return new RpcError(code.invalidParams, `Invalid params: _meta["${key}"] must be an object`, { missing: [key] })
}

/** Which param the header `Mcp-Name` repeats. */
const named: ReadonlyMap<string, string> = new Map([
  ['tools/call', 'name'],
  ['prompts/get', 'name'],
  ['resources/read', 'uri'],
  ['tasks/get', 'taskId'],
  ['tasks/update', 'taskId'],
  ['tasks/cancel', 'taskId'],
])

function headerProblem(method: string, params: JsonObject, headers: IncomingHttpHeaders): RpcError | null {
  if (headerOf(headers, 'mcp-protocol-version') === undefined)
    return disagree(null, 'the header MCP-Protocol-Version is missing')
  const saidMethod = headerOf(headers, 'mcp-method')
  if (saidMethod === undefined) return disagree(null, 'the header Mcp-Method is missing')
  if (saidMethod !== method) return disagree(saidMethod, `the body names the method ${method}`)
  const param = named.get(method)
  const name = param === undefined ? undefined : params[param]
  if (typeof name !== 'string') return null
  const said = headerOf(headers, 'mcp-name')
  if (said === undefined) return disagree(null, 'the header Mcp-Name is missing')
  const decoded = decodeHeader(said)
  if (decoded === null) return disagree(said, 'the header Mcp-Name is not valid base64')
  return decoded === name ? null : disagree(said, `the body names ${name.slice(0, 200).toWellFormed()}`)
}

function bodySays(header: string, version: string): RpcError {
  return disagree(header, `the body names protocol version ${version.slice(0, 40)}`)
}

/** The error for headers that say something else than the body, which intermediaries would have acted on. */
export function disagree(header: string | null, body: string): RpcError {
  const message = `Bad Request: the request headers and body disagree: ${body}`
  return new RpcError(code.headerMismatch, message, {
    mismatch: { header: header?.slice(0, 200) ?? '(missing)', body },
  })
}

/** A header that may come once, without the blanks around it. */
export function headerOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name]
  return typeof value === 'string' ? value.trim() : undefined
}

/**
 * A header value that may be in base64 because it is not plain ASCII; null when that is malformed.
 * Source: MCP 2026-07-28, streamable HTTP, value encoding.
 */
export function decodeHeader(value: string): string | null {
  const [, encoded] = /^=\?base64\?(.*)\?=$/s.exec(value) ?? []
  if (encoded === undefined) return value
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(encoded)) return null
  try {
    return utf8.decode(Buffer.from(encoded, 'base64'))
  } catch {
    return null
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
