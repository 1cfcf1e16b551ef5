import { isJsonObject, type JsonObject } from '../kernel/index.ts'
import type { Approval } from './approval.ts'

/**
 * What the user behind a call is asked, as params of `elicitation/create`.
 *
 * Source: MCP 2025-11-25 and 2026-07-28, elicitation in form mode.
 */
export function questionFor({ asked }: Approval, args: string): JsonObject {
  const { by, capability, server, effect, reasons } = asked
  const shown = args.length > LONGEST ? `${args.slice(0, LONGEST).toWellFormed()}…` : args
  const lines = [
    `${by.name} wants to use ${capability} of ${server} (${effect}).`,
    ...(reasons.length === 0 ? [] : [`It needs approval: ${reasons.join('; ')}`]),
    `Arguments: ${shown}`,
  ]
  return {
    message: lines.join('\n'),
    requestedSchema: {
      type: 'object',
      properties: {
        approve: { type: 'boolean', title: 'Approve', description: 'Whether this very call may be made, once.' },
        reason: { type: 'string', title: 'Reason', description: 'For the journal.', maxLength: LONGEST_REASON },
      },
      required: ['approve'],
    },
  }
}

/** What a client's answer says; null when its user did not decide. Only what is plainly a yes is one. */
export function readAnswer({
  action,
  content,
}: JsonObject): { readonly agrees: boolean; readonly reason: string | null } | null {
  if (action === 'decline') return { agrees: false, reason: null }
  if (action !== 'accept' || !isJsonObject(content)) return null
  const { approve, reason } = content
  if (typeof approve !== 'boolean') return null
  const said = typeof reason === 'string' && reason !== '' ? reason.slice(0, LONGEST_REASON).replaceAll('\0', '') : null
  return { agrees: approve, reason: said === null ? null : said.toWellFormed() }
}

/** Characters of arguments; nobody reads more in a dialogue. */
const LONGEST = 2_000
const LONGEST_REASON = 500
