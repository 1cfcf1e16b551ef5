import type { CallContext } from '../../gate/index.ts'
import { fault, isJsonObject, type JsonObject, newId } from '../../kernel/index.ts'

/** Keys of ours that a client may put into `_meta` of a request. */
export const metaKeys = {
  idempotencyKey: 'castellan/idempotencyKey',
  dryRun: 'castellan/dryRun',
  correlationId: 'castellan/correlationId',
  /** Groups the calls of a client that has no MCP session, for step limits. */
  session: 'castellan/session',
} as const

const SAFE = /^[\x21-\x7e]{1,128}$/

/**
 * What comes with a call, from `_meta` of its request. Throws `REQUEST_INVALID` for our own keys with values that cannot
 * be used. The rest of `_meta` goes on to the server, except what belongs to this hop alone.
 */
export function contextOf(meta: unknown, sessionId: string | null): CallContext {
  const given = isJsonObject(meta) ? meta : {}
  const session = safeText(given, metaKeys.session)
  const trace = typeof given.traceparent === 'string' ? /^00-([0-9a-f]{32})-/.exec(given.traceparent)?.[1] : undefined
  return {
    correlationId: safeText(given, metaKeys.correlationId) ?? trace ?? newId(),
    causationId: null,
    sessionId: sessionId ?? session,
    idempotencyKey: safeText(given, metaKeys.idempotencyKey),
    dryRun: flag(given, metaKeys.dryRun),
    via: 'mcp',
    meta: forServer(given),
  }
}

function safeText(meta: JsonObject, key: string): string | null {
  const value = meta[key]
  if (value === undefined) return null
  if (typeof value === 'string' && SAFE.test(value)) return value
  throw fault('REQUEST_INVALID', { why: `_meta["${key}"] must be 1 to 128 visible ASCII characters` })
}

function flag(meta: JsonObject, key: string): boolean {
  const value = meta[key]
  if (value === undefined) return false
  if (typeof value === 'boolean') return value
  throw fault('REQUEST_INVALID', { why: `_meta["${key}"] must be true or false` })
}

function forServer(meta: JsonObject): JsonObject | null {
  const entries = Object.entries(meta).filter(
    ([key]) => key !== 'progressToken' && !key.startsWith('castellan/') && !key.startsWith('io.modelcontextprotocol/'),
  )
  return entries.length > 0 ? Object.fromEntries(entries) : null
}
