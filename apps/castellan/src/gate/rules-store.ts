import type { Entry } from '../journal/index.ts'
import type { Limits } from './limits.ts'
import type { PolicySet } from './policy-engine.ts'

/**
 * The port behind policies and limits. Saving also appends the given entries, in one transaction, and throws `NAME_TAKEN`,
 * `VERSION_CONFLICT` (unless the stored version is one less, or the thing is new and the version 1) or `STORE_UNAVAILABLE`.
 */
export interface RulesStore {
  policySets(): Promise<PolicySet[]>
  savePolicySet(set: PolicySet, entries: readonly Entry[]): Promise<void>

  limits(tenant?: string): Promise<Limits[]>
  saveLimits(limits: Limits, entries: readonly Entry[]): Promise<void>
  removeLimits(tenant: string, id: string, entries: readonly Entry[]): Promise<void>
}
