import type { Manifest } from '@castellan/contracts'
import type { Actor } from '../../../identity/index.ts'
import { isFault } from '../../../kernel/index.ts'
import { checkSpec, type ServerSpec } from '../../../registry/index.ts'
import type { Core } from '../../core.ts'
import { serverSpec } from '../wire/server.ts'
import { create, impossible, type PlanOptions, removals, type Step, unique, update } from './step.ts'

type Parts = Pick<Core, 'registry'>

/** Throws `REQUEST_INVALID` for a server that is declared twice. */
export async function planServers(
  { registry }: Parts,
  wanted: Manifest['servers'],
  actor: Actor,
  options: PlanOptions,
): Promise<Step[]> {
  if (!wanted) return []
  const names = unique(
    'server',
    wanted.map(server => server.name),
  )
  const known = registry.servers(actor.tenant)
  const before = new Set(known.map(server => server.name))

  const stepFor = async (spec: ServerSpec): Promise<Step> => {
    const { name } = spec
    if (!before.has(name)) {
      checkSpec(spec)
      return create('server', name, () => registry.addServer(spec, actor, options))
    }
    const changes = await registry.differences(name, spec, actor.tenant)
    return update('server', name, changes, () => registry.updateServer(name, spec, actor, options))
  }

  const steps = await Promise.all(
    wanted.map(async input => {
      try {
        return await stepFor(serverSpec(input))
      } catch (error) {
        // One server that cannot be as declared does not keep the rest of the manifest from becoming true.
        if (!isFault(error)) throw error
        const { name } = input
        const action = before.has(name) ? 'update' : 'create'
        return impossible({ action, kind: 'server', name, changes: [] }, error.message)
      }
    }),
  )
  const surplus = known.filter(server => !names.has(server.name))
  return [
    ...steps,
    ...removals(
      options,
      'server',
      surplus,
      server => server.name,
      server => registry.removeServer(server.id, actor),
    ),
  ]
}
