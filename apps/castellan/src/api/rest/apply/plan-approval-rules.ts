import type { Manifest } from '@castellan/contracts'
import type { Core } from '../../core.ts'
import { approvalRuleSpec, wireApprovalRule } from '../wire/approval.ts'
import type { Planning } from './planning.ts'
import { planSection } from './plan-section.ts'
import { differing, type Step } from './step.ts'

export function planApprovalRules(
  { approvals: { rules } }: Pick<Core, 'approvals'>,
  wanted: Manifest['approval_rules'],
  planning: Planning,
): Promise<Step[]> {
  const { actor } = planning
  return planSection(
    'approval_rule',
    wanted,
    {
      known: () => rules.list(actor.tenant),
      wish: ({ name, ...rest }) => {
        const spec = approvalRuleSpec(name, rest)
        return {
          // Both sides as we write them, since one duration can be written in several ways.
          differsIn: before => differing(wireApprovalRule(before), wireApprovalRule({ ...before, ...spec })),
          make: () => rules.put(spec, actor),
        }
      },
      remove: ({ id }) => rules.remove(id, actor),
    },
    planning,
  )
}
