import type { Manifest } from '@castellan/contracts'
import type { Actor } from '../../../identity/index.ts'
import { fault } from '../../../kernel/index.ts'
import type { Core } from '../../core.ts'
import { budgetSpec, scopeOf, wireBudget } from '../wire/budgets.ts'
import { priceSpec, wirePrice } from '../wire/prices.ts'
import type { People } from './people.ts'
import { create, differing, type PlanOptions, removals, type Step, unique, update } from './step.ts'

type Parts = Pick<Core, 'budgets'>
type Declared = NonNullable<Manifest['budgets']>[number]['to']

export function planPrices({ budgets }: Parts, wanted: Manifest['prices'], actor: Actor, options: PlanOptions): Step[] {
  if (!wanted) return []
  const { prices } = budgets
  const names = unique(
    'prices',
    wanted.map(each => each.name),
  )
  const known = prices.list(actor.tenant)
  const steps = wanted.map(({ name, ...input }): Step => {
    const spec = priceSpec(name, input)
    const put = () => prices.put(spec, actor)
    const before = known.find(each => each.name === name)
    if (!before) return create('price', name, put)
    const { id, tenant, version } = before
    return update('price', name, differing(wirePrice(before), wirePrice({ ...spec, id, tenant, version })), put)
  })
  const surplus = known.filter(each => !names.has(each.name))
  return [
    ...steps,
    ...removals(
      options,
      'price',
      surplus,
      each => each.name,
      each => prices.remove(each.id, actor),
    ),
  ]
}

/** What is set from above is no business of a manifest, which belongs to the tenant. */
export function planBudgets(
  { budgets }: Parts,
  wanted: Manifest['budgets'],
  actor: Actor,
  people: People,
  options: PlanOptions,
): Step[] {
  if (!wanted) return []
  const names = unique(
    'budgets',
    wanted.map(each => each.name),
  )
  const known = budgets.list(actor.tenant).filter(each => !each.imposed)
  const steps = wanted.map(({ name, to, ...input }): Step => {
    const whose = declared(to, people)
    const put = async () => budgets.put(budgetSpec(name, input, scopeOf(await resolved(to, people))), actor)
    const before = known.find(each => each.name === name)
    if (!before) return create('budget', name, put)
    const had = wireBudget({ ...before, scope: { is: 'tenant' } })
    const wish = wireBudget({ ...before, ...budgetSpec(name, input, { is: 'tenant' }) })
    const hadTo = before.scope.is === 'tenant' ? 'tenant' : stored(before.scope, people)
    return update('budget', name, differing({ ...had, to: hadTo }, { ...wish, to: whose }), put)
  })
  const surplus = known.filter(each => !names.has(each.name))
  return [
    ...steps,
    ...removals(
      options,
      'budget',
      surplus,
      each => each.name,
      each => budgets.remove(each.id, actor, { fromAbove: false }),
    ),
  ]
}

/** Whose budget it is, in words. Throws `REQUEST_INVALID` for a name that is nowhere to be found. */
function declared(to: Declared, people: People): string {
  if (to === 'tenant') return to
  if ('each' in to) return `each ${to.each}`
  if ('run' in to) return `run ${to.run}`
  return 'agent' in to ? `agent ${people.declared({ principal: to.agent })}` : people.declared(to)
}

/** The same words for what is stored. */
function stored(
  { is, id }: { readonly is: 'principal' | 'agent' | 'run'; readonly id: string | null },
  people: People,
) {
  if (id === null) return `each ${is}`
  if (is === 'run') return `run ${id}`
  return `${is === 'agent' ? 'agent ' : ''}${people.stored({ principal: id })}`
}

/** With ids in place of names. For when a step runs: the principal may have been made by a step before. */
async function resolved(to: Declared, people: People): Promise<Declared> {
  if (to === 'tenant' || 'each' in to || 'run' in to) return to
  const found = await people.resolve({ principal: 'agent' in to ? to.agent : to.principal })
  if (!('principal' in found)) throw fault('NOT_FOUND', { what: 'principal' })
  return 'agent' in to ? { agent: found.principal } : found
}
