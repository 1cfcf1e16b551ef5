import type { Manifest } from '@castellan/contracts'
import { agentsOf } from '../../../runs/index.ts'
import type { Core } from '../../core.ts'
import { teamSpec, wireTeam } from '../wire/team.ts'
import type { Planning } from './planning.ts'
import { planSection } from './plan-section.ts'
import { differing, type Step } from './step.ts'
import { requireThere, thereAfter } from './there.ts'

/** `before` are the steps that come first, such as those that make the agents of which a team is. */
export async function planTeams(
  { teams, agents }: Pick<Core, 'teams' | 'agents'>,
  wanted: Manifest['teams'],
  before: readonly Step[],
  planning: Planning,
): Promise<Step[]> {
  if (!wanted) return []
  const { actor } = planning
  const there = thereAfter(before, 'agent', await agents.list(actor.tenant))
  return planSection(
    'team',
    wanted,
    {
      known: () => teams.list(actor.tenant),
      wish: input => {
        const spec = teamSpec(input)
        for (const { who, agent } of agentsOf(spec)) {
          requireThere(there, `the ${who} of the team "${input.name}" names`, 'agent', agent)
        }
        return {
          check: () => teams.check(spec),
          differsIn: had => differing(wireTeam(had), wireTeam({ ...had, ...spec })),
          make: had => (had ? teams.replace(had.id, spec, actor) : teams.create(spec, actor)),
        }
      },
      remove: ({ id }) => teams.remove(id, actor),
    },
    planning,
  )
}
