import type { Manifest } from '@castellan/contracts'
import { fault } from '../../../kernel/index.ts'
import type { Core } from '../../core.ts'
import { limitsSpec, wireLimits } from '../wire/rules.ts'
import type { Planning } from './planning.ts'
import { planSection } from './plan-section.ts'
import { create, differing, type Step, update } from './step.ts'

type Parts = Pick<Core, 'rules'>

export function planLimits({ rules }: Parts, wanted: Manifest['limits'], planning: Planning): Promise<Step[]> {
  const { actor, people } = planning
  return planSection(
    'limits',
    wanted,
    {
      known: () => rules.limits(actor.tenant),
      wish: ({ name, to, ...rest }) => {
        const recipient = to === 'everyone' ? to : people.declared(to)
        return {
          // Both sides as we write them, since one duration can be written in several ways.
          differsIn: before => {
            const had = wireLimits({ ...before, to: 'everyone' })
            const wish = wireLimits({ ...before, ...limitsSpec(name, rest, 'everyone') })
            const hadTo = before.to === 'everyone' ? before.to : people.stored(before.to)
            return differing({ ...had, to: hadTo }, { ...wish, to: recipient })
          },
          make: async () =>
            rules.putLimits(limitsSpec(name, rest, to === 'everyone' ? to : await people.resolve(to)), actor),
        }
      },
      remove: ({ id }) => rules.removeLimits(id, actor),
    },
    planning,
  )
}

/** As a whole: there is one setting of a tenant, and nothing of it to prune. */
export function planGuardrails({ rules }: Parts, wanted: Manifest['guardrails'], { actor }: Planning): Step[] {
  if (!wanted) return []
  const before = rules.guardrails(actor.tenant)
  const put = () => rules.putGuardrails(wanted, actor)
  return [update('guardrails', 'guardrails', differing(before, wanted), put)]
}

/** Files that are not named stay in the set unless it is pruned; what comes out is put in force as a whole. Throws `POLICY_INVALID`. */
export function planPolicies({ rules }: Parts, named: Manifest['policies'], { actor, prune }: Planning): Step[] {
  if (!named) return []
  const before = rules.policySet(actor.tenant)
  const wanted = prune ? named : { ...before?.files, ...named }
  const [problem] = rules.checkPolicies(wanted)
  if (problem) {
    const { file, line, message } = problem
    throw fault('POLICY_INVALID', { why: `${file}${line === null ? '' : `:${line}`}: ${message}` })
  }
  const put = () => rules.putPolicies(wanted, actor)
  if (!before) return [create('policies', 'policies', put)]
  const gone = Object.fromEntries(Object.keys(before.files).map(name => [name, null]))
  return [update('policies', 'policies', differing(before.files, { ...gone, ...wanted }), put)]
}
