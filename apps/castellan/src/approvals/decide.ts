import type { Identity } from '../identity/index.ts'
import { fault, isoTime, type JsonObject } from '../kernel/index.ts'
import { type Approval, CALLBACK, type Decision, isOver, missing } from './approval.ts'

/** Who decides, as far as it matters to what is decided. */
export type Decider =
  | {
      readonly is: 'principal'
      readonly identity: Pick<Identity, 'principal' | 'roles'>
      readonly through: 'rest' | 'client'
    }
  /** Whoever holds the token of the notice. */
  | { readonly is: 'callback' }

/** What is done to an approval; nothing else changes one. */
export type Command =
  | { readonly is: 'approve' | 'reject'; readonly by: Decider; readonly reason: string | null }
  | { readonly is: 'cancel'; readonly by: Pick<Identity, 'principal' | 'roles'>; readonly reason: string | null }
  | { readonly is: 'use'; readonly callId: string; readonly principal: string }
  | { readonly is: 'expire' }

/** The next version of an approval, and what the journal is told of it. */
export interface Change {
  readonly approval: Approval
  readonly type: `approval.${'approved' | 'rejected' | 'cancelled' | 'used' | 'expired'}`
  readonly principal: string
  readonly data: JsonObject
}

/**
 * What a command makes of an approval at a time. A question is only ever answered within its time, by those its terms allow, and
 * by each of them once; it is used within its time, once, and only after enough agreed and nobody refused.
 * Throws `APPROVAL_CLOSED`, `APPROVAL_OWN`, `APPROVAL_REPEATED`, `APPROVAL_SPENT` or `FORBIDDEN`.
 */
export function decide(approval: Approval, command: Command, now: Date): Change {
  switch (command.is) {
    case 'approve':
    case 'reject':
      return decided(approval, command, now)
    case 'cancel':
      return cancelled(approval, command, now)
    case 'use':
      return used(approval, command, now)
    case 'expire':
      return changed(approval, { state: 'expired' }, 'expired', 'system', { was: approval.state })
    default:
      throw command satisfies never
  }
}

function decided(
  approval: Approval,
  { is, by, reason }: Extract<Command, { is: 'approve' | 'reject' }>,
  now: Date,
): Change {
  if (by.is === 'principal') assertMayDecide(approval, by.identity)
  assertOpen(approval, ['pending'], now)
  const agrees = is === 'approve'
  if (agrees) assertOther(approval, by)
  const who = by.is === 'callback' ? CALLBACK : by.identity.principal.id
  if (approval.decisions.some(each => each.by === who)) throw fault('APPROVAL_REPEATED', { missing: missing(approval) })
  const decision: Decision = {
    by: who,
    name: by.is === 'callback' ? CALLBACK : by.identity.principal.name,
    through: by.is === 'callback' ? 'callback' : by.through,
    agrees,
    reason,
    at: isoTime(now),
  }
  const decisions = [...approval.decisions, decision]
  // Not as `reason`, which goes into log lines: people may write anything.
  const data = { through: decision.through, said: reason, quorum: approval.terms.quorum }
  if (!agrees) return changed(approval, { state: 'rejected', decisions }, 'rejected', who, data)
  const left = missing({ decisions, terms: approval.terms })
  const next =
    left > 0
      ? { decisions }
      : {
          state: 'approved' as const,
          decisions,
          expiresAt: isoTime(new Date(now.getTime() + approval.terms.useWithin)),
        }
  return changed(approval, next, 'approved', who, { ...data, missing: left })
}

/** Whoever asked may take the question back, and whoever may decide may take back what was granted. */
function cancelled(approval: Approval, { by, reason }: Extract<Command, { is: 'cancel' }>, now: Date): Change {
  if (by.principal.id !== approval.asked.by.id) assertMayDecide(approval, by)
  assertOpen(approval, ['pending', 'approved'], now)
  return changed(approval, { state: 'cancelled' }, 'cancelled', by.principal.id, { was: approval.state, said: reason })
}

function used(approval: Approval, { callId, principal }: Extract<Command, { is: 'use' }>, now: Date): Change {
  if (approval.state !== 'approved' || isOver(approval, now)) throw fault('APPROVAL_SPENT')
  return changed(approval, { state: 'used', usedBy: callId }, 'used', principal, { call: callId })
}

/** Whether someone has a role that may decide. */
export function mayDecide({ terms }: Pick<Approval, 'terms'>, { roles }: Pick<Identity, 'roles'>): boolean {
  return terms.approvers.some(role => roles.includes(role))
}

/** Whether someone asked for it themselves and must leave it to others. */
export function isBarred(
  { asked, terms }: Pick<Approval, 'asked' | 'terms'>,
  { principal }: Pick<Identity, 'principal'>,
): boolean {
  if (principal.id !== asked.by.id) return false
  switch (terms.fourEyes) {
    case 'always':
      return true
    case 'machines':
      return asked.by.kind !== 'user'
    case 'never':
      return false
    default:
      throw terms.fourEyes satisfies never
  }
}

function assertMayDecide(approval: Approval, identity: Pick<Identity, 'roles'>): void {
  if (!mayDecide(approval, identity)) {
    throw fault('FORBIDDEN', { needs: `the role ${approval.terms.approvers.join(' or ')}` })
  }
}

/** Refusing one's own wish does no harm; agreeing to it is for others. */
function assertOther(approval: Approval, by: Decider): void {
  if (by.is === 'principal' && isBarred(approval, by.identity)) throw fault('APPROVAL_OWN')
}

function assertOpen(approval: Approval, states: readonly Approval['state'][], now: Date): void {
  if (!states.includes(approval.state)) throw fault('APPROVAL_CLOSED', { state: approval.state })
  if (isOver(approval, now)) throw fault('APPROVAL_CLOSED', { state: 'expired' })
}

function changed(
  approval: Approval,
  next: Partial<Approval>,
  what: 'approved' | 'rejected' | 'cancelled' | 'used' | 'expired',
  principal: string,
  data: JsonObject,
): Change {
  const { server, capability } = approval.asked
  return {
    approval: { ...approval, ...next, version: approval.version + 1 },
    type: `approval.${what}`,
    principal,
    data: { ...data, server, capability, binding: approval.binding },
  }
}
