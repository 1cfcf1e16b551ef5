import type { Manifest } from '@castellan/contracts'
import type { Actor } from '../../../identity/index.ts'
import type { Grant } from '../../../registry/index.ts'
import type { Core } from '../../core.ts'
import type { People } from './people.ts'
import { create, differing, impossible, type PlanOptions, removals, type Step, unique, update } from './step.ts'

type Parts = Pick<Core, 'registry' | 'directory'>

/** Principals are made and changed, never removed: the journal goes on speaking of them. */
export function planPrincipals(
  { directory }: Parts,
  wanted: Manifest['principals'],
  actor: Actor,
  people: People,
): Step[] {
  if (!wanted) return []
  unique(
    'principal',
    wanted.map(({ name }) => name.normalize('NFC')),
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

export function planGroups(
  { registry }: Parts,
  wanted: Manifest['groups'],
  actor: Actor,
  options: PlanOptions,
): Step[] {
  if (!wanted) return []
  const names = unique(
    'group',
    wanted.map(group => group.name),
  )
  const known = registry.groups.list(actor.tenant)
  const steps = wanted.map(({ name, description = '', members }): Step => {
    const before = known.find(group => group.name === name)
    const put = () => registry.groups.put({ name, description, members }, actor)
    if (!before) return create('group', name, put)
    return update('group', name, differing(before, { description, members }), put)
  })
  const surplus = known.filter(group => !names.has(group.name))
  return [
    ...steps,
    ...removals(
      options,
      'group',
      surplus,
      group => group.name,
      group => registry.groups.remove(group.id, actor),
    ),
  ]
}

/** A grant has no name; two are the same when they say the same. */
export function planGrants(
  { registry }: Parts,
  wanted: Manifest['grants'],
  actor: Actor,
  people: People,
  options: PlanOptions,
): Step[] {
  if (!wanted) return []
  const known = registry.grants
    .list(actor.tenant)
    .map(grant => ({ grant, says: inWords(people.stored(grant.to), grant) }))
  const declared = wanted.map(({ to, server, primitive_type: primitive, name, as_tool: asTool = false }) => {
    const spec = { server, primitive, name, asTool }
    return { to, spec, says: inWords(people.declared(to), spec) }
  })
  const wishes = unique(
    'grant',
    declared.map(({ says }) => says),
  )
  const steps = declared.map(({ to, spec, says }): Step => {
    const add = async () => registry.grants.add({ ...spec, to: await people.resolve(to) }, actor)
    return known.some(each => each.says === says) ? update('grant', says, [], add) : create('grant', says, add)
  })
  const surplus = known.filter(({ says }) => !wishes.has(says))
  return [
    ...steps,
    ...removals(
      options,
      'grant',
      surplus,
      ({ says }) => says,
      ({ grant }) => registry.grants.remove(grant.id, actor),
    ),
  ]
}

function inWords(
  to: string,
  { server, primitive, name, asTool }: Pick<Grant, 'server' | 'primitive' | 'name' | 'asTool'>,
) {
  return `${to}: ${primitive} ${server}/${name}${asTool ? ' as tool' : ''}`
}
