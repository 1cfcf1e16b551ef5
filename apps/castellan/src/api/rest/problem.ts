import { STATUS_CODES } from 'node:http'
import type { Problem } from '@castellan/contracts'
import type { Answer, DenialCode, Standing } from '../../gate/index.ts'
import { type Fault, type FaultKind, notFound } from '../../kernel/index.ts'
import { shownAmount } from './wire/budgets.ts'

/** Where the codes are explained. */
const DOCS = 'https://castellan.dev/errors/'

export function statusOf(fault: Fault): number {
  if (fault.code === 'UNAUTHENTICATED') return 401
  if (fault.code === 'REQUEST_TOO_LARGE') return 413
  return statuses[fault.kind]
}

const statuses: Readonly<Record<FaultKind, number>> = {
  invalid: 400,
  denied: 403,
  notFound: 404,
  conflict: 409,
  exhausted: 429,
  unavailable: 503,
  timeout: 504,
  cancelled: 499,
  internal: 500,
}

/** The problem details of a fault. */
export function problemOf(fault: Fault, errors = placesOf(fault)): Problem {
  return problem(statusOf(fault), fault.code, fault.message, { retryable: fault.retryable, errors })
}

/** Where everything is that is wrong, for faults that know. */
function placesOf({ details: { places, messages } }: Fault): Problem['errors'] {
  if (!Array.isArray(places) || !Array.isArray(messages)) return undefined
  return places.map((at: string, index) => ({ at, message: messages[index] as string }))
}

const denialStatuses: Readonly<Record<DenialCode, number>> = {
  denied_identity: 401,
  denied_schema: 400,
  denied_policy: 403,
  denied_limit: 429,
  denied_guardrail: 403,
  denied_budget: 402,
  denied_pin: 403,
}

/** The problem details of a refused call of a tool. */
export function problemOfDenial(answer: Extract<Answer, { is: 'denied' }>, tool: string): Problem {
  if (answer.unknown) return problem(404, answer.code, notFound('tool', tool).message, { call_id: answer.callId })
  return problem(denialStatuses[answer.code], answer.code, answer.message, {
    call_id: answer.callId,
    retryable: answer.code === 'denied_limit',
    ...(answer.standing ? standingOf(answer.standing) : {}),
    ...(answer.violations.length > 0 ? { errors: answer.violations.map(({ at, message }) => ({ at, message })) } : {}),
  })
}

/** How a budget stands that let nobody pass. */
export function standingOf({ tenant, unit, taken, limit, grace, resetsAt }: Standing): Partial<Problem> {
  return {
    tenant_id: tenant,
    current_spend: shownAmount(unit, taken),
    max_budget: shownAmount(unit, limit),
    grace_threshold: shownAmount(unit, limit + grace),
    unit,
    resets_at: resetsAt,
  }
}

export function problem(status: number, code: string, detail: string, more: Partial<Problem> = {}): Problem {
  return {
    type: `${DOCS}${code}`,
    title: status === 499 ? 'Client Closed Request' : (STATUS_CODES[status] ?? 'Error'),
    status,
    detail,
    code,
    retryable: false,
    ...more,
  }
}
