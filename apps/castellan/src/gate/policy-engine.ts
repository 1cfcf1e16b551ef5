import type { Digest, JsonObject } from '../kernel/index.ts'
import type { Metric } from '../guardrails/index.ts'
import type { EffectClass } from '../registry/index.ts'
import type { PrincipalKind, Role } from '../identity/index.ts'
import type { CallMethod } from './call.ts'

/** Everything a policy may look at; nothing else reaches an engine. */
export interface PolicyInput {
  readonly tenant: string
  readonly principal: {
    readonly id: string
    readonly kind: PrincipalKind
    readonly name: string
    readonly roles: readonly Role[]
  }
  readonly method: CallMethod
  readonly capability: {
    readonly server: string
    readonly name: string
    readonly effect: EffectClass
    readonly openWorld: boolean
    readonly trusted: boolean
  }
  /** The canonical arguments that will run. */
  readonly args: JsonObject
  /** What the session has read, such as `untrusted` and `confidential`, in alphabetical order. */
  readonly labels: readonly string[]
  /** What the guardrails saw in the arguments, such as `secrets`, in alphabetical order. */
  readonly found: readonly Metric[]
  readonly via: string
  readonly dryRun: boolean
}

/** What a decision point demands of a call it allows. What cannot be met denies: nothing that was demanded is ignored. */
export interface Obligations {
  /** A person must agree first. */
  readonly requireApproval: boolean
  /** What comes back must be redacted. */
  readonly redact: boolean
  /** The call is judged and not run. */
  readonly dryRun: boolean
  /** Why a person must agree, in words for that person; the reasons of the decision when left out. */
  readonly approvalReasons?: readonly string[]
}

/** A decision point's answer. */
export interface Decision {
  readonly allow: boolean
  /** Ids of the policies that decided, or the reason why no decision could be made; for the journal only. */
  readonly reasons: readonly string[]
  /** Digest of the policy set that decided; `none` when there is no set, or the engine does not know it. */
  readonly policyDigest: string
  /** Left out when nothing is demanded. */
  readonly obligations?: Obligations
  /** The engine's own name for this decision, by which its log has it. */
  readonly decisionId?: string
  /** What the engine calls the version of the policies that decided. */
  readonly revision?: string
}

/** The policies of a tenant, in force as a whole or not at all. */
export interface PolicySet {
  readonly tenant: string
  /** File name to text, such as `starter.cedar`. */
  readonly files: Readonly<Record<string, string>>
  /** Over the files. */
  readonly digest: Digest
  readonly version: number
}

/** A policy set that is or was in force, as the history has it. */
export interface PolicyVersion extends PolicySet {
  /** RFC 3339; when it was put in force. */
  readonly at: string
  /** Id of the principal who did it. */
  readonly principal: string
  /** The version whose files were taken up again; null when they were given. */
  readonly restores: number | null
}

export interface PolicyProblem {
  readonly file: string
  /** From 1; null when the problem has no place. */
  readonly line: number | null
  readonly message: string
}

/**
 * The port of a decision point. Fail-closed: an engine that cannot decide resolves with `allow: false` and says why; the
 * gate treats a rejection the same way. Every adapter passes `policy-engine.testsuite.ts`.
 */
export interface PolicyEngine {
  /** As the settings and the journal call it. */
  readonly name: string
  /** Whether the operator wants calls allowed while the engine gives no answer. */
  readonly failOpen: boolean
  /** A tenant without policies is denied everything. */
  decide(input: PolicyInput, signal: AbortSignal): Promise<Decision>
  /** JSON Pointers of the arguments that the policies of a tenant may look at; an engine without it may look at all. */
  reads?(tenant: string): ReadonlySet<string> | 'all'
  /** Resolves with what keeps the engine from deciding for a tenant now; null when nothing does. */
  trouble(tenant: string, signal: AbortSignal): Promise<string | null>
  /** Ends everything the engine holds open. Idempotent. */
  close(): Promise<void>
}

/**
 * The port of an engine whose policies are the files that tenants give us. Others have policies of their own, which come to
 * them by another way. Every adapter passes `testPolicyHolder` of `policy-engine.testsuite.ts`.
 */
export interface PolicyHolder {
  /** Everything wrong with a set of policy files; empty when it could be put in force. */
  check(files: Readonly<Record<string, string>>): readonly PolicyProblem[]
  /** Puts a set in force for its tenant. Throws `POLICY_INVALID` and keeps the one before. */
  load(set: PolicySet): void
  /**
   * Someone who decides about a tenant by these files, whatever is in force, and touches nothing that is; without files as for
   * a tenant that has none. Throws `POLICY_INVALID`.
   */
  rehearse(tenant: string, files: Readonly<Record<string, string>> | null): Judge
}

/** The port of an engine whose policies come as one file that it looks after by itself. */
export interface BundleHolder {
  /** Who decides by this file, and who decides by that in force. Throws `POLICY_INVALID`. */
  rehearse(bundle: Uint8Array): Promise<{ readonly candidate: Judge; readonly inForce: Judge }>
}

/** Decides as policies would that need not be in force. */
export interface Judge {
  /** The engine both are of. */
  readonly engine: string
  /** Of the policies it decides by. */
  readonly digest: string
  /** JSON Pointers of the arguments they may look at. */
  readonly reads: ReadonlySet<string> | 'all'
  /** As that of a {@link PolicyEngine}. */
  decide(input: PolicyInput, signal: AbortSignal): Promise<Decision>
  /** Ends everything it holds open. Idempotent. */
  close(): Promise<void>
}
