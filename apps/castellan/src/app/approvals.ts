import type { Stores } from '../adapters/store-sql/index.ts'
import {
  Approvals,
  ApprovalRules,
  type ApprovalTimes,
  CallbackTokens,
  Notices,
  type Redact,
} from '../approvals/index.ts'
import type { Journal, Post } from '../journal/index.ts'
import type { Clock } from '../kernel/index.ts'
import { matchesPattern } from '../registry/index.ts'

/** What people are asked, and those outside who are told of it. */
export function approvalParts(given: {
  readonly stores: Stores
  readonly journal: Journal
  readonly clock: Clock
  readonly times: ApprovalTimes
  /** Signs what whoever is told brings back. */
  readonly key: Uint8Array
  readonly redact: Redact
  readonly post: Post
  readonly secret: (tenant: string, name: string) => Promise<string>
  readonly publicUrl: () => string
}): { readonly approvals: Approvals; readonly notices: Notices } {
  const { stores, journal, clock, times, key, redact, post, secret, publicUrl } = given
  const store = stores.approvals
  const tokens = new CallbackTokens(key, clock.now)
  const rules = new ApprovalRules({ store, journal, times, matches: matchesPattern })
  const approvals = new Approvals({ store, journal, rules, tokens, redact, clock })
  return { approvals, notices: new Notices({ store, journal, approvals, tokens, post, secret, publicUrl, clock }) }
}
