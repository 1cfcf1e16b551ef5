import type { GuardrailWish } from '../guardrails/index.ts'
import type { Call } from './call.ts'
import type { Limits } from './limits.ts'

/** What a session that was opened here adds to what holds for its calls anyway: it can only be stricter. */
export interface SessionTerms {
  /** Whose it is. */
  readonly principal: string
  readonly limits: Pick<Limits, 'allow' | 'block' | 'noNetwork' | 'dryRun' | 'maxSteps'>
  readonly guardrails: Pick<GuardrailWish, 'mode' | 'thresholds'>
  /** Uses up a step; false when there is none left. */
  take(): boolean
}

/** Who knows the sessions that were opened here, from memory. */
export interface SessionBook {
  /** Null for an id that is none of ours, such as that of an MCP session. */
  terms(tenant: string, id: string): SessionTerms | 'closed' | null
}

/** The terms of the session a call names, if it was opened here. */
export function termsOf(sessions: SessionBook, { identity, context }: Pick<Call, 'identity' | 'context'>) {
  return context.sessionId === null ? null : sessions.terms(identity.tenant, context.sessionId)
}

/** The terms that hold for calls; null for an id that is none of ours, and for a session that is closed. */
export function inForce(terms: SessionTerms | 'closed' | null): SessionTerms | null {
  return terms === 'closed' ? null : terms
}
