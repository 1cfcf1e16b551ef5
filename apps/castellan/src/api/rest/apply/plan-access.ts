import type { Manifest } from '@castellan/contracts'
import type { Grant } from '../../../registry/index.ts'
import type { Core } from '../../core.ts'
import type { Planning } from './planning.ts'
import { planSection, unique } from './plan-section.ts'
import { create, differing, impossible, type Step, update } from './step.ts'

type Parts = Pick<Core, 'registry' | 'directory'>

/** Principals are made and changed, never removed: the journal goes on speaking of them. */
export function planPrincipals(
  { directory }: Parts,
  wanted: Manifest['principals'],
  { actor, people }: Planning,
): Step[] {
  if (!wanted) return []
  unique(
    'principal',
    wanted.map(({ name }) => ({ name: name.normalize('NFC') })),
  )
  return wanted.map(({ name, kind, roles: given = ['member'] }) => {
    const roles = [...new Set(given)]
    const before = people.named(name)
    if (!before) return create('principal', name, () => directory.principals.create({ name, kind, roles }, actor))
    if (before.kind !== kind) {
      const why = `The principal is of the kind ${before.kind}, and that cannot be changed; declare it so, or use another name.`
      return impossible({ action: 'update', kind: 'principal', name, changes: ['kind'] }, why)
    }
    const had = before.memberships.find(each => each.tenant === actor.tenant)?.roles ?? []
    const changes = differing({ roles: had.toSorted() }, { roles: roles.toSorted() })
    return update('principal', name, changes, () => directory.principals.setRoles(before.id, roles, actor))
  })
}

export function planGroups({ registry }: Parts, wanted: Manifest['groups'], planning: Planning): Promise<Step[]> {
  const { actor } = planning
  return planSection(
    'group',
    wanted,
    {
      known: () => registry.groups.list(actor.tenant),
      wish: ({ name, description = '', members }) => ({
        differsIn: before => differing(before, { description, members }),
        make: () => registry.groups.put({ name, description, members }, actor),
      }),
      remove: ({ id }) => registry.groups.remove(id, actor),
    },
    planning,
  )
}

/** A grant has no name but what it says; two are the same when they say the same. */
export function planGrants({ registry }: Parts, wanted: Manifest['grants'], planning: Planning): Promise<Step[]> {
  const { actor, people } = planning
  const declared = wanted?.map(({ to, server, primitive_type: primitive, name, as_tool: asTool = false }) => {
    const spec = { server, primitive, name, asTool }
    return { name: inWords(people.declared(to), spec), to, spec }
  })
  return planSection(
    'grant',
    declared,
    {
      known: () =>
        registry.grants.list(actor.tenant).map(each => ({ name: inWords(people.stored(each.to), each), id: each.id })),
      wish: ({ to, spec }) => ({
        differsIn: () => [],
        make: async () => registry.grants.add({ ...spec, to: await people.resolve(to) }, actor),
      }),
      remove: ({ id }) => registry.grants.remove(id, actor),
    },
    planning,
  )
}

function inWords(
  to: string,
  { server, primitive, name, asTool }: Pick<Grant, 'server' | 'primitive' | 'name' | 'asTool'>,
) {
  return `${to}: ${primitive} ${server}/${name}${asTool ? ' as tool' : ''}`
}
