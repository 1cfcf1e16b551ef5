import * as wire from '@castellan/contracts'
import type { CallContext } from '../../gate/index.ts'
import { fault, formatDuration, isJsonObject, type JsonObject, newId, parseDuration } from '../../kernel/index.ts'
import { LONGEST_WAIT } from '../longest-wait.ts'

/** Keys of ours that a client may put into `_meta` of a request. */
export const metaKeys = {
  idempotencyKey: 'castellan/idempotencyKey',
  dryRun: 'castellan/dryRun',
  correlationId: 'castellan/correlationId',
  /** Groups the calls of a client that has no MCP session, for step limits. */
  session: 'castellan/session',
  /** The run the call is a step of, for budgets of runs. */
  run: 'castellan/run',
  /** How long to wait for a person to decide, when one has to. */
  waitForApproval: 'castellan/waitForApproval',
} as const

const SAFE = /^[\x21-\x7e]{1,128}$/

/**
 * What comes with a call, from `_meta` of its request. Throws `REQUEST_INVALID` for our own keys with values that cannot
 * be used. The rest of `_meta` goes on to the server, except what belongs to this hop alone.
 */
export function contextOf(meta: unknown, sessionId: string | null): CallContext {
  const given = isJsonObject(meta) ? meta : {}
  const session = safeText(given, metaKeys.session)
  const runId = safeText(given, metaKeys.run)
  const trace = typeof given.traceparent === 'string' ? /^00-([0-9a-f]{32})-/.exec(given.traceparent)?.[1] : undefined
  return {
    correlationId: safeText(given, metaKeys.correlationId) ?? trace ?? newId(),
    causationId: null,
    sessionId: sessionId ?? session,
    idempotencyKey: safeText(given, metaKeys.idempotencyKey),
    dryRun: flag(given, metaKeys.dryRun),
    via: 'mcp',
    meta: forServer(given),
    ...(runId === null ? {} : { runId }),
  }
}

/** Milliseconds the client waits for a person to decide; 0 when it does not. Throws `REQUEST_INVALID`. */
export function patienceOf(meta: unknown): number {
  const value = isJsonObject(meta) ? meta[metaKeys.waitForApproval] : undefined
  if (value === undefined) return 0
  const known = wire.duration.safeParse(value)
  if (known.success && parseDuration(known.data) <= LONGEST_WAIT) return parseDuration(known.data)
  throw fault('REQUEST_INVALID', {
    why: `_meta["${metaKeys.waitForApproval}"] must be a duration of at most ${formatDuration(LONGEST_WAIT)}, such as 30s`,
  })
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
