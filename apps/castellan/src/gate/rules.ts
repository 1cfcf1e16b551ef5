import type { Actor, Identity } from '../identity/index.ts'
import type { Journal } from '../journal/index.ts'
import { digestJson, fault, isFault, newId } from '../kernel/index.ts'
import type { Limits } from './limits.ts'
import type { PolicyHolder, PolicyProblem, PolicySet } from './policy-engine.ts'
import type { RulesStore } from './rules-store.ts'

/** The limits and policies in force, kept in memory; every change goes through store and journal first. */
export class Rules {
  readonly #store: RulesStore
  readonly #journal: Journal
  readonly #holder: PolicyHolder
  #limits: readonly Limits[] = []
  #applying = new Map<string, readonly Limits[]>()
  readonly #sets = new Map<string, PolicySet>()

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
    if (!limits) throw fault('NOT_FOUND', { what: 'limits' })
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

  policySet(tenant: string): PolicySet | undefined {
    return this.#sets.get(tenant)
  }

  checkPolicies(files: Readonly<Record<string, string>>): readonly PolicyProblem[] {
    return this.#holder.check(files)
  }

  /** Replaces the policies of a tenant. A bad set throws `POLICY_INVALID` and changes nothing; an equal one does nothing. */
  async putPolicies(files: Readonly<Record<string, string>>, actor: Actor): Promise<PolicySet> {
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
      data: { digest, before: before?.digest ?? null, files: Object.keys(files) },
    })
    await this.#store.savePolicySet(set, [entry])
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
