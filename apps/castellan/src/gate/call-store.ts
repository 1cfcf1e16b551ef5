import type { Approval } from '../approvals/index.ts'
import type { Blob, Entry, Haste } from '../journal/index.ts'
import type { Charge } from './budgets/charges.ts'
import type { CallMethod } from './call.ts'
import type { EffectClass } from '../registry/index.ts'
import type { Outcome } from './verdict.ts'

/** One call as it can be looked up: a fold of its journal stream, kept in the same transaction. */
export interface CallRecord {
  readonly id: string
  readonly tenant: string
  readonly principal: string
  readonly server: string
  readonly capability: string
  readonly method: CallMethod
  readonly effect: EffectClass
  readonly digest: string
  readonly idempotencyKey: string | null
  readonly correlationId: string
  /** The client's session, when it has one. */
  readonly session: string | null
  /** `open` from the durable intent until its end is known. */
  readonly state: 'open' | 'ended'
  /** A wire name such as `ok`, `denied_policy` or `indeterminate`; null while open. */
  readonly outcome: string | null
  readonly startedAt: string
  readonly endedAt: string | null
  /** What whoever read its outcome has read from then on, such as `untrusted`; null for nothing worth a label. */
  readonly labels: readonly string[] | null
}

/** What is written in the same transaction as a call. */
export interface Besides {
  /** Used up by the call. */
  readonly approval?: Approval | undefined
  readonly charges?: readonly Charge[] | undefined
}

export interface CallFilter {
  readonly principal?: string
  readonly server?: string
  readonly outcome?: string
  readonly correlationId?: string
}

/**
 * The port behind calls and the outcomes kept for idempotency keys (DESIGN calls it OutcomeStore).
 * Writing appends the given entries in the same transaction, and throws `STORE_UNAVAILABLE` when it cannot.
 */
export interface CallStore {
  /**
   * Records a call with its entries; an open one with a key also claims the key for its tenant and principal.
   * Throws `IDEMPOTENCY_IN_FLIGHT` when the key is claimed by a call that is open or has an outcome: look it up instead.
   *
   * For an open call each charge reserves what it holds, and the call is refused with `BUDGET_SPENT` when an account has no
   * room for it, whoever took it; the charges of a call that has ended are spent, come what may.
   * With an approval it keeps that, too, as the call has used it up; throws `APPROVAL_SPENT` unless the stored version is one less.
   */
  open(
    record: CallRecord,
    entries: readonly Entry[],
    blobs: readonly Blob[],
    haste?: Haste,
    besides?: Besides,
  ): Promise<void>
  /**
   * Records the end of a call opened before; with an outcome when it is to be replayed for its key, without one to free
   * the key. Charges turn what they held into what was spent. Throws `VERSION_CONFLICT` when the call is not open.
   */
  close(
    record: CallRecord,
    outcome: Outcome | null,
    entries: readonly Entry[],
    charges?: readonly Charge[],
  ): Promise<void>
  /** The call that claimed a key, with its outcome once it has one. */
  byKey(
    tenant: string,
    principal: string,
    key: string,
  ): Promise<{ record: CallRecord; outcome: Outcome | null } | undefined>

  call(tenant: string, id: string): Promise<CallRecord | undefined>
  /** Newest first, older than the call with id `before`, at most `limit`. */
  calls(tenant: string, filter: CallFilter, before: string | null, limit: number): Promise<CallRecord[]>
  /** Calls that are open, of every tenant, at most `limit`, and whose process is gone: nobody will ever learn their end. */
  unfinished(limit: number): Promise<CallRecord[]>
  /** Calls with labels that began at or after a time, of every tenant, oldest first, later than the call with id `after`. */
  labelled(since: string, after: string | null, limit: number): Promise<CallRecord[]>
}
