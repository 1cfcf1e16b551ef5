import type { Manifest } from '@castellan/contracts'
import type { Actor } from '../../../identity/index.ts'
import type { Core } from '../../core.ts'
import { approvalRuleSpec, wireApprovalRule } from '../wire/approval.ts'
import { create, differing, type PlanOptions, removals, type Step, unique, update } from './step.ts'

export function planApprovalRules(
  { approvals: { rules } }: Pick<Core, 'approvals'>,
  wanted: Manifest['approval_rules'],
  actor: Actor,
  options: PlanOptions,
): Step[] {
  if (!wanted) return []
  const names = unique(
    'approval rule',
    wanted.map(each => each.name),
  )
  const known = rules.list(actor.tenant)
  const steps = wanted.map(({ name, ...rest }): Step => {
    const spec = approvalRuleSpec(name, rest)
    const put = () => rules.put(spec, actor)
    const before = known.find(each => each.name === name)
    if (!before) return create('approval_rule', name, put)
    // Both sides as we write them, since one duration can be written in several ways.
    return update(
      'approval_rule',
      name,
      differing(wireApprovalRule(before), wireApprovalRule({ ...before, ...spec })),
      put,
    )
  })
  const surplus = known.filter(each => !names.has(each.name))
  const remove = ({ id }: { readonly id: string }) => rules.remove(id, actor)
  return [...steps, ...removals(options, 'approval_rule', surplus, each => each.name, remove)]
}
