import type { Actor } from '../identity/index.ts'
import type { Journal } from '../journal/index.ts'
import { newId, notFound } from '../kernel/index.ts'
import type { ApprovalRule } from './approval-rule.ts'
import type { ApprovalStore } from './approval-store.ts'

/** What holds where no rule says otherwise, milliseconds. */
export interface ApprovalTimes {
  readonly decideWithin: number
  readonly useWithin: number
}

/** A rule as it applies to a call: nothing is left open. */
export type AppliedRule = Pick<ApprovalRule, 'approvers' | 'fourEyes' | 'quorum' | 'webhook'> &
  ApprovalTimes & { readonly name: string | null }

/** The approval rules in force, kept in memory; every change goes through store and journal first. */
export class ApprovalRules {
  readonly #store: ApprovalStore
  readonly #journal: Journal
  readonly #times: ApprovalTimes
  readonly #matches: (pattern: string, name: string) => boolean
  #rules: readonly ApprovalRule[] = []

  /** `matches` says whether a name fits a pattern. */
  constructor(parts: {
    readonly store: ApprovalStore
    readonly journal: Journal
    readonly times: ApprovalTimes
    readonly matches: (pattern: string, name: string) => boolean
  }) {
    this.#store = parts.store
    this.#journal = parts.journal
    this.#times = parts.times
    this.#matches = parts.matches
  }

  async load(): Promise<void> {
    this.#rules = await this.#store.rules()
  }

  list(tenant: string): readonly ApprovalRule[] {
    return this.#rules.filter(each => each.tenant === tenant)
  }

  /** The rule of this name, as it is now. */
  named(tenant: string, name: string): ApprovalRule | undefined {
    return this.#rules.find(each => each.tenant === tenant && each.name === name)
  }

  /** Of those that fit a tool, `server/name`, the one with the longest pattern; the defaults when none does. */
  ruleFor(tenant: string, tool: string): AppliedRule {
    let best: ApprovalRule | undefined
    let length = -1
    for (const rule of this.list(tenant)) {
      for (const pattern of rule.tools) {
        const closer = pattern.length > length || (pattern.length === length && rule.name < best!.name)
        if (!closer || !this.#matches(pattern, tool)) continue
        best = rule
        length = pattern.length
      }
    }
    if (!best) return { ...defaults, ...this.#times }
    return {
      ...best,
      decideWithin: best.decideWithin ?? this.#times.decideWithin,
      useWithin: best.useWithin ?? this.#times.useWithin,
    }
  }

  /** Makes the rule of this name, or changes it as a whole. */
  async put(spec: Omit<ApprovalRule, 'id' | 'tenant' | 'version'>, actor: Actor): Promise<ApprovalRule> {
    const before = this.named(actor.tenant, spec.name)
    const rule: ApprovalRule = {
      ...spec,
      id: before?.id ?? newId(),
      tenant: actor.tenant,
      version: (before?.version ?? 0) + 1,
    }
    const type = before ? 'approval.rule_updated' : 'approval.rule_created'
    await this.#store.saveRule(rule, [this.#entry(rule, rule.version - 1, type, actor)])
    this.#rules = [...this.#rules.filter(each => each.id !== rule.id), rule]
    return rule
  }

  /** Throws `NOT_FOUND`. */
  async remove(idOrName: string, actor: Actor): Promise<void> {
    const rule = this.list(actor.tenant).find(each => each.id === idOrName || each.name === idOrName)
    if (!rule) throw notFound('approval rule', idOrName)
    await this.#store.removeRule(actor.tenant, rule.id, [
      this.#entry(rule, rule.version, 'approval.rule_removed', actor),
    ])
    this.#rules = this.#rules.filter(each => each.id !== rule.id)
  }

  #entry(rule: ApprovalRule, seq: number, type: string, { tenant, principal, correlationId }: Actor) {
    const { name, tools, approvers, fourEyes, quorum } = rule
    return this.#journal.seal({
      tenant,
      stream: `approval-rule:${rule.id}`,
      seq,
      type,
      principal,
      correlationId,
      data: { name, tools, approvers, four_eyes: fourEyes, quorum, webhook: rule.webhook !== null },
    })
  }
}

const defaults = {
  name: null,
  approvers: ['admin', 'operator'],
  fourEyes: 'machines',
  quorum: 1,
  webhook: null,
} as const satisfies Partial<AppliedRule>
