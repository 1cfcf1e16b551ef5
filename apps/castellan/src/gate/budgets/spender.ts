import type { PrincipalKind } from '../../identity/index.ts'
import type { Call } from '../call.ts'

/** Who spends, by all that budgets may count by. */
export interface Spender {
  readonly principal: { readonly id: string; readonly kind: PrincipalKind }
  /** Id of the agent at work; null when it is none of ours. */
  readonly agent: string | null
  readonly run: string | null
}

/** What is paid for, as the journal is told of it. */
export interface Cause {
  readonly id: string
  readonly correlationId: string
}

export function spenderOf({ identity: { principal }, context }: Pick<Call, 'identity' | 'context'>): Spender {
  return { principal, agent: context.agentId ?? null, run: context.runId ?? null }
}
