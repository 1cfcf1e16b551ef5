import type { Digest } from '../kernel/index.ts'
import type { PrincipalKind, Role } from '../identity/index.ts'
import type { FourEyes } from './approval-rule.ts'

/**
 * `pending` until enough agreed, one refused or the time is up; `approved` until a call uses it, the time is up or someone
 * takes it back. The others are ends.
 */
export type ApprovalState = 'pending' | 'approved' | 'rejected' | 'expired' | 'used' | 'cancelled'

/** A question to people about one call, what they said to it, and what became of that. */
export interface Approval {
  readonly id: string
  readonly tenant: string
  readonly state: ApprovalState
  /** What it is good for: a call with the very same binding and no other. */
  readonly binding: Digest
  readonly asked: Asked
  /** The rule as it was when the question was asked: who changes it later changes no question that was asked before. */
  readonly terms: Terms
  readonly decisions: readonly Decision[]
  readonly requestedAt: string
  /** Until when it can be decided while it is pending or was rejected, and used while it is approved. */
  readonly expiresAt: string
  /** Id of the call that used it. */
  readonly usedBy: string | null
  readonly version: number
}

/** Who wants to do what, and why someone must agree. */
export interface Asked {
  /** The call that asked first. */
  readonly callId: string
  readonly correlationId: string
  readonly by: { readonly id: string; readonly kind: PrincipalKind; readonly name: string }
  readonly server: string
  readonly capability: string
  /** Digest of the definition of the capability. */
  readonly definition: Digest
  readonly method: string
  readonly effect: 'read' | 'idempotent' | 'unsafe'
  readonly openWorld: boolean
  /** Digest of the blob that holds the arguments. */
  readonly args: string
  /** Over what every policy engine decided by. */
  readonly policyDigest: Digest
  /** Names of the guards that asked. */
  readonly guards: readonly string[]
  readonly reasons: readonly string[]
}

export interface Terms {
  /** Null for the defaults. */
  readonly rule: string | null
  readonly approvers: readonly Role[]
  readonly fourEyes: FourEyes
  readonly quorum: number
  /** Milliseconds in which an approval must be used. */
  readonly useWithin: number
}

export interface Decision {
  /** Id of a principal, or {@link CALLBACK}. */
  readonly by: string
  readonly name: string
  /** Over REST, by the callback of a notice, or by the client behind the call. */
  readonly through: 'rest' | 'callback' | 'client'
  readonly agrees: boolean
  readonly reason: string | null
  readonly at: string
}

/** Stands in for the principal of whoever answered a notice: the token proves that it got there, and not who answered. */
export const CALLBACK = 'callback'

/** How many more must agree. */
export function missing({ decisions, terms }: Pick<Approval, 'decisions' | 'terms'>): number {
  return Math.max(0, terms.quorum - decisions.filter(({ agrees }) => agrees).length)
}

/** Whether its time is up, whether anyone has noticed yet or not. */
export function isOver({ expiresAt }: Pick<Approval, 'expiresAt'>, now: Date): boolean {
  return Date.parse(expiresAt) <= now.getTime()
}
