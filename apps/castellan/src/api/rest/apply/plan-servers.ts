import type { Manifest } from '@castellan/contracts'
import type { Core } from '../../core.ts'
import { serverSpec } from '../wire/server.ts'
import type { Planning } from './planning.ts'
import { planSection } from './plan-section.ts'
import type { Step } from './step.ts'

export function planServers(
  { registry }: Pick<Core, 'registry'>,
  wanted: Manifest['servers'],
  planning: Planning,
): Promise<Step[]> {
  const { actor } = planning
  return planSection(
    'server',
    wanted,
    {
      known: () => registry.servers(actor.tenant),
      wish: input => ({
        check: () => registry.check(serverSpec(input)),
        differsIn: ({ name }) => registry.differences(name, serverSpec(input), actor.tenant),
        make: before =>
          before
            ? registry.updateServer(before.name, serverSpec(input), actor, planning)
            : registry.addServer(serverSpec(input), actor, planning),
      }),
      remove: ({ id }) => registry.removeServer(id, actor),
    },
    planning,
  )
}
