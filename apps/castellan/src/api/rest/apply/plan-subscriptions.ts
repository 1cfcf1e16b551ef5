import type { Manifest } from '@castellan/contracts'
import type { Standing } from '../../../journal/index.ts'
import type { Core } from '../../core.ts'
import { subscriptionSpec, wireSubscription } from '../wire/subscription.ts'
import type { Planning } from './planning.ts'
import { planSection } from './plan-section.ts'
import { differing, type Step } from './step.ts'

export function planSubscriptions(
  { subscriptions }: Pick<Core, 'subscriptions'>,
  wanted: Manifest['subscriptions'],
  planning: Planning,
): Promise<Step[]> {
  const { actor, people } = planning
  return planSection(
    'subscription',
    wanted,
    {
      known: async () =>
        (await subscriptions.list(actor.tenant)).map(each => ({ ...each, name: each.subscription.name })),
      wish: ({ start, ...input }) => {
        const of = input.principal === null ? null : people.declared({ principal: input.principal })
        return {
          differsIn: before => {
            const { principal: had } = before.subscription
            const hadOf = had === null ? null : people.stored({ principal: had })
            return differing(shown(before, hadOf), shown(before, of, subscriptionSpec(input)))
          },
          make: async before => {
            const principal = input.principal === null ? null : await people.idOf(input.principal)
            const spec = subscriptionSpec({ ...input, principal })
            return before
              ? subscriptions.replace(before.subscription.id, spec, actor)
              : subscriptions.create(spec, start, actor)
          },
        }
      },
      remove: ({ subscription }) => subscriptions.remove(subscription.id, actor),
    },
    planning,
  )
}

/** As we write it, since one duration can be written in several ways; with the principal in words. */
function shown(standing: Standing, principal: string | null, spec: Partial<Standing['subscription']> = {}) {
  const subscription = { ...standing.subscription, ...spec }
  return { ...wireSubscription({ ...standing, subscription }, standing.cursor), principal }
}
