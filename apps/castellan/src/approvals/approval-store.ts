import type { Blob, Entry } from '../journal/index.ts'
import type { Approval, ApprovalState } from './approval.ts'
import type { ApprovalRule } from './approval-rule.ts'
import type { Notice } from './notice.ts'

export interface ApprovalFilter {
  readonly state?: ApprovalState
  /** Id of whoever asked. */
  readonly principal?: string
}

/**
 * The port behind approvals. Writing appends the given entries in the same transaction, and throws `STORE_UNAVAILABLE` when it
 * cannot. What uses up an approval is written by the call store, together with the intent of the call.
 * Whatever changes an approval makes the runs due that await it. Every adapter passes `approval-store.testsuite.ts`.
 */
export interface ApprovalStore {
  /**
   * Keeps a new question, with the notice of it when somebody is to be told. Throws `VERSION_CONFLICT` when one with the same
   * binding is pending or approved in its tenant: look it up instead.
   */
  ask(approval: Approval, notice: Notice | null, entries: readonly Entry[], blobs: readonly Blob[]): Promise<void>
  /** Keeps the next version. Throws `VERSION_CONFLICT` unless the stored one is one less. */
  save(approval: Approval, entries: readonly Entry[]): Promise<void>

  approval(tenant: string, id: string): Promise<Approval | undefined>
  /** The one with this binding that is pending or approved; without one, the newest. */
  newest(tenant: string, binding: string): Promise<Approval | undefined>
  /** Newest first, older than the one with id `before`, at most `limit`. */
  approvals(tenant: string, filter: ApprovalFilter, before: string | null, limit: number): Promise<Approval[]>
  /** How many of a principal are pending. */
  pendingOf(tenant: string, principal: string): Promise<number>
  /** Of every tenant, those that are pending or approved and whose time was up at `now`, RFC 3339; at most `limit`. */
  overdue(now: string, limit: number): Promise<Approval[]>

  /** Notices of every tenant that are due at `now`, RFC 3339; at most `limit`. */
  noticesDue(now: string, limit: number): Promise<Notice[]>
  /** Keeps the next version. Throws `VERSION_CONFLICT` unless the stored one is one less. */
  saveNotice(notice: Notice, entries: readonly Entry[]): Promise<void>

  /** By name. */
  rules(tenant?: string): Promise<ApprovalRule[]>
  /** Throws `NAME_TAKEN`, and `VERSION_CONFLICT` unless the stored version is one less. */
  saveRule(rule: ApprovalRule, entries: readonly Entry[]): Promise<void>
  removeRule(tenant: string, id: string, entries: readonly Entry[]): Promise<void>
}
