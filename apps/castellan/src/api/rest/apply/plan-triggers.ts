import type { Manifest } from '@castellan/contracts'
import type { TriggerSpec, TriggerStanding } from '../../../runs/index.ts'
import type { Core } from '../../core.ts'
import { triggerSpec, wireTrigger } from '../wire/trigger.ts'
import type { Planning } from './planning.ts'
import { planSection } from './plan-section.ts'
import { differing, type Step } from './step.ts'
import { requireThere, thereAfter } from './there.ts'

/** `before` are the steps that come first, such as those that make what a trigger starts. */
export async function planTriggers(
  { triggers, agents, teams, workflows }: Pick<Core, 'triggers' | 'agents' | 'teams' | 'workflows'>,
  wanted: Manifest['triggers'],
  before: readonly Step[],
  planning: Planning,
): Promise<Step[]> {
  if (!wanted) return []
  const { actor, identity } = planning
  const startable = {
    agent: thereAfter(before, 'agent', await agents.list(actor.tenant)),
    team: thereAfter(before, 'team', await teams.list(actor.tenant)),
    workflow: thereAfter(before, 'workflow', await workflows.list(actor.tenant)),
  }
  return planSection(
    'trigger',
    wanted,
    {
      known: async () => (await triggers.list(actor.tenant)).map(each => ({ ...each, name: each.trigger.name })),
      wish: input => {
        const { kind, name } = input.starts
        requireThere(startable[kind], `the trigger "${input.name}" starts`, kind, name)
        // A manifest names the secret of a webhook, so none is made here.
        const spec = triggerSpec(input, '')
        return {
          check: () => triggers.check(spec),
          differsIn: had => differing(shown(had), shown(had, spec)),
          make: had =>
            had ? triggers.replace(had.trigger.id, spec, identity, actor) : triggers.create(spec, identity, actor),
        }
      },
      remove: ({ trigger }) => triggers.remove(trigger.id, actor),
    },
    planning,
  )
}

/** As we write it, since one duration can be written in several ways; without the address, which follows from the source. */
function shown(standing: TriggerStanding, spec: Partial<TriggerSpec> = {}) {
  return { ...wireTrigger({ ...standing, trigger: { ...standing.trigger, ...spec } }, null, ''), url: null }
}
