import type { Entry } from '../journal/index.ts'
import type { GuardrailSet } from './guardrail-set.ts'
import type { Limits } from './limits.ts'
import type { PolicySet, PolicyVersion } from './policy-engine.ts'

/**
 * The port behind policies and limits. Saving also appends the given entries, in one transaction, and throws `NAME_TAKEN`,
 * `VERSION_CONFLICT` (unless the stored version is one less, or the thing is new and the version 1) or `STORE_UNAVAILABLE`.
 */
export interface RulesStore {
  policySets(): Promise<PolicySet[]>
  /** Puts a version in force, and keeps it for ever. */
  savePolicySet(version: PolicyVersion, entries: readonly Entry[]): Promise<void>
  /** The versions there were, the newest first, older than `before`, at most `limit`. */
  policyVersions(tenant: string, before: number | null, limit: number): Promise<PolicySummary[]>
  /** A version by its number, or the newest with a digest. */
  policyVersion(tenant: string, which: number | string): Promise<PolicyVersion | undefined>

  limits(tenant?: string): Promise<Limits[]>
  saveLimits(limits: Limits, entries: readonly Entry[]): Promise<void>
  removeLimits(tenant: string, id: string, entries: readonly Entry[]): Promise<void>

  guardrailSets(): Promise<GuardrailSet[]>
  saveGuardrailSet(set: GuardrailSet, entries: readonly Entry[]): Promise<void>
}

/** A version without the text of its files. */
export interface PolicySummary extends Omit<PolicyVersion, 'files'> {
  /** Names of its files. */
  readonly files: readonly string[]
}
