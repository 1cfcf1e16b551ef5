import type { Manifest } from '@castellan/contracts'
import type { Core } from '../../core.ts'
import { budgetSpec, scopeOf, wireBudget } from '../wire/budgets.ts'
import { priceSpec, wirePrice } from '../wire/prices.ts'
import type { People } from './people.ts'
import type { Planning } from './planning.ts'
import { planSection } from './plan-section.ts'
import { differing, type Step } from './step.ts'

type Parts = Pick<Core, 'budgets'>
type Declared = NonNullable<Manifest['budgets']>[number]['to']

export function planPrices({ budgets }: Parts, wanted: Manifest['prices'], planning: Planning): Promise<Step[]> {
  const { prices } = budgets
  const { actor } = planning
  return planSection(
    'price',
    wanted,
    {
      known: () => prices.list(actor.tenant),
      wish: ({ name, ...input }) => {
        const spec = priceSpec(name, input)
        return {
          differsIn: before => {
            const { id, tenant, version } = before
            return differing(wirePrice(before), wirePrice({ ...spec, id, tenant, version }))
          },
          make: () => prices.put(spec, actor),
        }
      },
      remove: ({ id }) => prices.remove(id, actor),
    },
    planning,
  )
}

/** What is set from above is no business of a manifest, which belongs to the tenant. */
export function planBudgets({ budgets }: Parts, wanted: Manifest['budgets'], planning: Planning): Promise<Step[]> {
  const { actor, people } = planning
  return planSection(
    'budget',
    wanted,
    {
      known: () => budgets.list(actor.tenant).filter(each => !each.imposed),
      wish: ({ name, to, ...input }) => {
        const whose = declared(to, people)
        return {
          differsIn: before => {
            const had = wireBudget({ ...before, scope: { is: 'tenant' } })
            const wish = wireBudget({ ...before, ...budgetSpec(name, input, { is: 'tenant' }) })
            const hadTo = before.scope.is === 'tenant' ? 'tenant' : stored(before.scope, people)
            return differing({ ...had, to: hadTo }, { ...wish, to: whose })
          },
          make: async () => budgets.put(budgetSpec(name, input, scopeOf(await resolved(to, people))), actor),
        }
      },
      remove: ({ id }) => budgets.remove(id, actor, { fromAbove: false }),
    },
    planning,
  )
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
  return 'agent' in to ? { agent: await people.idOf(to.agent) } : { principal: await people.idOf(to.principal) }
}
