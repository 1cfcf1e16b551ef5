import type { GuardrailWish } from '../guardrails/index.ts'
import type { Actor, Identity } from '../identity/index.ts'
import type { Journal } from '../journal/index.ts'
import { digestJson, fault, isFault, type JsonObject, newId, notFound, Recent } from '../kernel/index.ts'
import type { Call } from './call.ts'
import {
  guardrailsByDefault,
  type GuardrailSet,
  type GuardrailTerms,
  termsFor,
  type ToolStage,
} from './guardrail-set.ts'
import type { Limits } from './limits.ts'
import type { Judge, PolicyHolder, PolicyProblem, PolicySet, PolicyVersion } from './policy-engine.ts'
import type { PolicySummary, RulesStore } from './rules-store.ts'

/** The limits and policies in force, kept in memory; every change goes through store and journal first. */
export class Rules {
  readonly #store: RulesStore
  readonly #journal: Journal
  readonly #holder: PolicyHolder
  #limits: readonly Limits[] = []
  #applying = new Map<string, readonly Limits[]>()
  readonly #sets = new Map<string, PolicySet>()
  readonly #guardrails = new Map<string, GuardrailSet>()
  readonly #terms = new Recent<string, GuardrailTerms>(MAX_CACHED)

  constructor(store: RulesStore, journal: Journal, holder: PolicyHolder) {
    this.#store = store
    this.#journal = journal
    this.#holder = holder
  }

  /**
   * Reads everything back and puts every stored policy set in force. Resolves with the tenants whose set is no longer valid,
   * as after a new version of the engine: they are denied everything until they get a new one, and nobody else is.
   */
  async load(): Promise<readonly { readonly tenant: string; readonly why: string }[]> {
    this.#limits = await this.#store.limits()
    this.#applying.clear()
    for (const set of await this.#store.guardrailSets()) this.#guardrails.set(set.tenant, set)
    this.#terms.clear()
    const refused = []
    for (const set of await this.#store.policySets()) {
      this.#sets.set(set.tenant, set)
      try {
        this.#holder.load(set)
      } catch (error) {
        if (!isFault(error, 'POLICY_INVALID')) throw error
        refused.push({ tenant: set.tenant, why: error.message })
      }
    }
    return refused
  }

  limits(tenant: string): readonly Limits[] {
    return this.#limits.filter(each => each.tenant === tenant)
  }

  limitsFor(identity: Pick<Identity, 'tenant' | 'roles' | 'principal'>): readonly Limits[] {
    const key = `${identity.tenant} ${identity.principal.id} ${identity.roles.join(' ')}`
    let applying = this.#applying.get(key)
    if (!applying) {
      applying = this.#limits.filter(each => each.tenant === identity.tenant && appliesTo(each.to, identity))
      if (this.#applying.size >= MAX_CACHED) this.#applying.clear()
      this.#applying.set(key, applying)
    }
    return applying
  }

  /** Creates the limits of this name, or changes them as a whole. */
  async putLimits(spec: Omit<Limits, 'id' | 'tenant' | 'version'>, actor: Actor): Promise<Limits> {
    const before = this.#limits.find(each => each.tenant === actor.tenant && each.name === spec.name)
    const limits: Limits = {
      ...spec,
      id: before?.id ?? newId(),
      tenant: actor.tenant,
      version: (before?.version ?? 0) + 1,
    }
    const entry = this.#journal.seal({
      tenant: actor.tenant,
      stream: `limits:${limits.id}`,
      seq: limits.version - 1,
      type: before ? 'policy.limits_updated' : 'policy.limits_created',
      principal: actor.principal,
      correlationId: actor.correlationId,
      data: { name: limits.name, dry_run: limits.dryRun, no_network: limits.noNetwork },
    })
    await this.#store.saveLimits(limits, [entry])
    this.#limits = [...this.#limits.filter(each => each.id !== limits.id), limits]
    this.#applying.clear()
    return limits
  }

  /** Throws `NOT_FOUND`. */
  async removeLimits(idOrName: string, actor: Actor): Promise<void> {
    const limits = this.limits(actor.tenant).find(each => each.id === idOrName || each.name === idOrName)
    if (!limits) throw notFound('limits', idOrName)
    const entry = this.#journal.seal({
      tenant: actor.tenant,
      stream: `limits:${limits.id}`,
      seq: limits.version,
      type: 'policy.limits_removed',
      principal: actor.principal,
      correlationId: actor.correlationId,
      data: { name: limits.name },
    })
    await this.#store.removeLimits(actor.tenant, limits.id, [entry])
    this.#limits = this.#limits.filter(each => each.id !== limits.id)
    this.#applying.clear()
  }

  /** As the tenant wants them, or as by default. */
  guardrails(tenant: string): GuardrailSet {
    let set = this.#guardrails.get(tenant)
    if (!set) this.#guardrails.set(tenant, (set = guardrailsByDefault(tenant)))
    return set
  }

  /** What the guardrails of a tenant do with texts that are of no call, such as what a model is told. */
  guardrailWish(tenant: string): GuardrailWish {
    const { mode, thresholds, categories, providers } = this.guardrails(tenant)
    return { mode, thresholds, categories, providers }
  }

  /** What the guardrails of a tenant do with the texts of a call at a stage. */
  guardrailsFor(
    { identity, server, capability }: Pick<Call, 'identity' | 'server' | 'capability'>,
    stage: ToolStage,
  ): GuardrailTerms {
    const set = this.guardrails(identity.tenant)
    const key = `${identity.tenant} ${stage} ${server.name}/${capability.name}`
    let terms = this.#terms.get(key)
    if (!terms) this.#terms.set(key, (terms = termsFor(set, `${server.name}/${capability.name}`, stage)))
    return terms
  }

  /** Replaces what a tenant wants of its guardrails, as a whole. */
  async putGuardrails(wanted: Omit<GuardrailSet, 'tenant' | 'version'>, actor: Actor): Promise<GuardrailSet> {
    const before = this.guardrails(actor.tenant)
    const set: GuardrailSet = { ...wanted, tenant: actor.tenant, version: before.version + 1 }
    const entry = this.#journal.seal({
      tenant: actor.tenant,
      stream: `guardrail:${actor.tenant}`,
      seq: set.version - 1,
      type: 'guardrail.replaced',
      principal: actor.principal,
      correlationId: actor.correlationId,
      data: { ...wanted, before: before.version } as unknown as JsonObject,
    })
    await this.#store.saveGuardrailSet(set, [entry])
    this.#guardrails.set(actor.tenant, set)
    this.#terms.clear()
    return set
  }

  policySet(tenant: string): PolicySet | undefined {
    return this.#sets.get(tenant)
  }

  checkPolicies(files: Readonly<Record<string, string>>): readonly PolicyProblem[] {
    return this.#holder.check(files)
  }

  /** Replaces the policies of a tenant. A bad set throws `POLICY_INVALID` and changes nothing; an equal one does nothing. */
  putPolicies(files: Readonly<Record<string, string>>, actor: Actor): Promise<PolicySet> {
    return this.#putInForce(files, null, actor)
  }

  /**
   * Puts the files of an earlier version in force again, as a new version; those that are in force stay as they are.
   * Throws `NOT_FOUND`, or `POLICY_INVALID` when they are no longer valid, and then changes nothing.
   */
  async restorePolicies(version: number, actor: Actor): Promise<PolicySet> {
    return this.#putInForce((await this.policyVersion(actor.tenant, version)).files, version, actor)
  }

  /** The versions of a tenant's policies, the newest first, older than `before`, at most `limit`. */
  policyHistory(tenant: string, before: number | null, limit: number): Promise<readonly PolicySummary[]> {
    return this.#store.policyVersions(tenant, before, limit)
  }

  /** One version by its number or digest. Throws `NOT_FOUND`. */
  async policyVersion(tenant: string, which: number | string): Promise<PolicyVersion> {
    const found = await this.#store.policyVersion(tenant, which)
    if (!found) throw notFound('policy version', String(which))
    return found
  }

  /** The newest version with a digest; null when no set of the tenant ever had it. */
  async versionOf(tenant: string, digest: string): Promise<number | null> {
    const inForce = this.#sets.get(tenant)
    if (inForce?.digest === digest) return inForce.version
    return (await this.#store.policyVersion(tenant, digest))?.version ?? null
  }

  /** Two who decide about a tenant: by these files, and by those in force. Throws `POLICY_INVALID`. */
  rehearse(tenant: string, files: Readonly<Record<string, string>>): { candidate: Judge; inForce: Judge } {
    const candidate = this.#holder.rehearse(tenant, files)
    try {
      return { candidate, inForce: this.#holder.rehearse(tenant, this.#sets.get(tenant)?.files ?? null) }
    } catch (error) {
      if (!isFault(error, 'POLICY_INVALID')) throw error
      // A stored set that is no longer valid is not in force: its tenant is as one that has none.
      return { candidate, inForce: this.#holder.rehearse(tenant, null) }
    }
  }

  async #putInForce(
    files: Readonly<Record<string, string>>,
    restores: number | null,
    actor: Actor,
  ): Promise<PolicySet> {
    const before = this.#sets.get(actor.tenant)
    const digest = digestJson(files)
    if (before?.digest === digest) return before
    const problems = this.#holder.check(files)
    if (problems.length > 0) throw fault('POLICY_INVALID', { why: problems.map(inWords).join('; ') })
    const set: PolicySet = { tenant: actor.tenant, files, digest, version: (before?.version ?? 0) + 1 }
    const entry = this.#journal.seal({
      tenant: actor.tenant,
      stream: `policy:${actor.tenant}`,
      seq: set.version - 1,
      type: 'policy.replaced',
      principal: actor.principal,
      correlationId: actor.correlationId,
      data: {
        digest,
        before: before?.digest ?? null,
        files: Object.keys(files),
        version: set.version,
        ...(restores === null ? {} : { restores }),
      },
    })
    await this.#store.savePolicySet({ ...set, at: entry.at, principal: actor.principal, restores }, [entry])
    this.#holder.load(set)
    this.#sets.set(actor.tenant, set)
    return set
  }
}

const MAX_CACHED = 10_000

function appliesTo(to: Limits['to'], identity: Pick<Identity, 'roles' | 'principal'>): boolean {
  if (to === 'everyone') return true
  return 'principal' in to ? to.principal === identity.principal.id : identity.roles.includes(to.role)
}

function inWords({ file, line, message }: PolicyProblem): string {
  return `${file}${line === null ? '' : `:${line}`}: ${message}`
}
