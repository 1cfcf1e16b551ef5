import type { Manifest } from '@castellan/contracts'
import type { Actor } from '../../../identity/index.ts'
import { fault } from '../../../kernel/index.ts'
import type { Core } from '../../core.ts'
import { limitsSpec, wireLimits } from '../wire/rules.ts'
import type { People } from './people.ts'
import { create, differing, type PlanOptions, removals, type Step, unique, update } from './step.ts'

type Parts = Pick<Core, 'rules'>

export function planLimits(
  { rules }: Parts,
  wanted: Manifest['limits'],
  actor: Actor,
  people: People,
  options: PlanOptions,
): Step[] {
  if (!wanted) return []
  const names = unique(
    'limits',
    wanted.map(each => each.name),
  )
  const known = rules.limits(actor.tenant)
  const steps = wanted.map(({ name, to, ...rest }): Step => {
    const recipient = to === 'everyone' ? to : people.declared(to)
    const put = async () =>
      rules.putLimits(limitsSpec(name, rest, to === 'everyone' ? to : await people.resolve(to)), actor)
    const before = known.find(each => each.name === name)
    if (!before) return create('limits', name, put)
    // Both sides as we write them, since one duration can be written in several ways.
    const had = wireLimits({ ...before, to: 'everyone' })
    const wish = wireLimits({ ...before, ...limitsSpec(name, rest, 'everyone') })
    const hadTo = before.to === 'everyone' ? before.to : people.stored(before.to)
    return update('limits', name, differing({ ...had, to: hadTo }, { ...wish, to: recipient }), put)
  })
  const surplus = known.filter(each => !names.has(each.name))
  return [
    ...steps,
    ...removals(
      options,
      'limits',
      surplus,
      each => each.name,
      each => rules.removeLimits(each.id, actor),
    ),
  ]
}

/** As a whole: there is one setting of a tenant, and nothing of it to prune. */
export function planGuardrails({ rules }: Parts, wanted: Manifest['guardrails'], actor: Actor): Step[] {
  if (!wanted) return []
  const before = rules.guardrails(actor.tenant)
  const put = () => rules.putGuardrails(wanted, actor)
  return [update('guardrails', 'guardrails', differing(before, wanted), put)]
}

/** Files that are not named stay in the set unless it is pruned; what comes out is put in force as a whole. Throws `POLICY_INVALID`. */
export function planPolicies(
  { rules }: Parts,
  named: Manifest['policies'],
  actor: Actor,
  { prune }: PlanOptions,
): Step[] {
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
