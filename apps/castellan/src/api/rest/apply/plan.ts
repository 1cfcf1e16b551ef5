import type { ApplyAction, Manifest } from '@castellan/contracts'
import type { Limits } from '../../../gate/index.ts'
import type { Actor, Principal } from '../../../identity/index.ts'
import { canonicalize, fault } from '../../../kernel/index.ts'
import type { Grant } from '../../../registry/index.ts'
import type { Core } from '../../core.ts'
import { limitsSpec, wireLimits } from '../wire/rules.ts'
import { serverSpec } from '../wire/server.ts'

/** One difference between the manifest and what is there, and how to make it go away. */
export interface Step {
  readonly action: ApplyAction['action']
  readonly kind: ApplyAction['kind']
  readonly name: string
  /** Names of what differs. */
  readonly changes: readonly string[]
  /** Null when nothing is to be done. */
  readonly run: (() => Promise<unknown>) | null
}

type Parts = Pick<Core, 'registry' | 'rules' | 'directory'>
interface Options {
  readonly prune: boolean
  readonly allowUnhealthy: boolean
}

/**
 * What would have to be done for the manifest to be true, in the order it must be done: those who are referred to first.
 * Throws `REQUEST_INVALID` for names declared twice or referred to and nowhere to be found.
 */
export async function plan(core: Parts, manifest: Manifest, actor: Actor, options: Options): Promise<readonly Step[]> {
  const steps: Step[] = []
  steps.push(...(await servers(core, manifest.servers, actor, options)))
  steps.push(...(await principals(core, manifest.principals, actor)))
  steps.push(...groups(core, manifest.groups, actor, options))
  steps.push(...(await grants(core, manifest, actor, options)))
  steps.push(...(await limits(core, manifest, actor, options)))
  steps.push(...policies(core, manifest.policies, actor))
  return steps
}

async function servers(
  { registry }: Parts,
  wanted: Manifest['servers'],
  actor: Actor,
  options: Options,
): Promise<Step[]> {
  if (!wanted) return []
  const names = unique(
    'server',
    wanted.map(server => server.name),
  )
  const known = registry.servers(actor.tenant)
  const steps = await Promise.all(
    wanted.map(async (input): Promise<Step> => {
      const spec = serverSpec(input)
      const { name } = spec
      if (!known.some(server => server.name === name)) {
        return create('server', name, () => registry.addServer(spec, actor, options))
      }
      const changes = await registry.differences(name, spec, actor.tenant)
      return update('server', name, changes, () => registry.updateServer(name, spec, actor, options))
    }),
  )
  const surplus = known.filter(server => !names.has(server.name))
  return [
    ...steps,
    ...pruned(
      options,
      surplus,
      'server',
      server => server.name,
      name => registry.removeServer(name, actor),
    ),
  ]
}

async function principals({ directory }: Parts, wanted: Manifest['principals'], actor: Actor): Promise<Step[]> {
  if (!wanted) return []
  unique(
    'principal',
    wanted.map(each => each.name),
  )
  const known = await directory.principals.list(actor.tenant)
  return wanted.map(({ name, kind, roles = ['member'] }) => {
    const before = known.find(each => each.name === name)
    if (!before) return create('principal', name, () => directory.principals.create({ name, kind, roles }, actor))
    const had = before.memberships.find(each => each.tenant === actor.tenant)?.roles ?? []
    const changes = canonicalize(had.toSorted()) === canonicalize(roles.toSorted()) ? [] : ['roles']
    return update('principal', name, changes, () => directory.principals.setRoles(before.id, roles, actor))
  })
}

function groups({ registry }: Parts, wanted: Manifest['groups'], actor: Actor, options: Options): Step[] {
  if (!wanted) return []
  const names = unique(
    'group',
    wanted.map(group => group.name),
  )
  const known = registry.groups(actor.tenant)
  const steps = wanted.map(({ name, description = '', members }): Step => {
    const before = known.find(group => group.name === name)
    const put = () => registry.putGroup({ name, description, members }, actor)
    if (!before) return create('group', name, put)
    return update('group', name, differing(before, { description, members }), put)
  })
  const surplus = known.filter(group => !names.has(group.name))
  return [
    ...steps,
    ...pruned(
      options,
      surplus,
      'group',
      group => group.name,
      name => registry.removeGroup(name, actor),
    ),
  ]
}

/** A grant has no name; two are the same when they say the same. */
async function grants(
  { registry, directory }: Parts,
  manifest: Manifest,
  actor: Actor,
  options: Options,
): Promise<Step[]> {
  if (!manifest.grants) return []
  const people = await directory.principals.list(actor.tenant)
  const nameOf = (to: Grant['to']) =>
    'role' in to ? `role ${to.role}` : (people.find(each => each.id === to.principal)?.name ?? to.principal)
  const key = (to: string, grant: Pick<Grant, 'server' | 'primitive' | 'name' | 'asTool'>) =>
    `${to}: ${grant.primitive} ${grant.server}/${grant.name}${grant.asTool ? ' as tool' : ''}`
  const known = registry.grants(actor.tenant)
  const knownKeys = new Map(known.map(grant => [key(nameOf(grant.to), grant), grant]))
  const wanted = manifest.grants.map(({ to, server, primitive_type: primitive, name, as_tool: asTool = false }) => {
    const recipient = 'role' in to ? `role ${to.role}` : declared(to.principal, people, manifest)
    return { to, spec: { server, primitive, name, asTool }, key: key(recipient, { server, primitive, name, asTool }) }
  })
  const keys = unique(
    'grant',
    wanted.map(each => each.key),
  )
  const steps = wanted.map(({ to, spec, key: name }): Step => {
    if (knownKeys.has(name)) return update('grant', name, [], async () => undefined)
    return create('grant', name, async () =>
      registry.addGrant({ ...spec, to: await resolved(to, directory, actor) }, actor),
    )
  })
  const surplus = [...knownKeys].filter(([name]) => !keys.has(name))
  return [
    ...steps,
    ...pruned(
      options,
      surplus,
      'grant',
      ([name]) => name,
      name => registry.removeGrant(knownKeys.get(name)!.id, actor),
    ),
  ]
}

async function limits(
  { rules, directory }: Parts,
  manifest: Manifest,
  actor: Actor,
  options: Options,
): Promise<Step[]> {
  if (!manifest.limits) return []
  const names = unique(
    'limits',
    manifest.limits.map(each => each.name),
  )
  const people = await directory.principals.list(actor.tenant)
  const known = rules.limits(actor.tenant)
  const steps = manifest.limits.map(({ name, to, ...rest }): Step => {
    const to_ = to !== 'everyone' && 'principal' in to ? declared(to.principal, people, manifest) : to
    const put = async () =>
      rules.putLimits(limitsSpec(name, rest, to === 'everyone' ? to : await resolved(to, directory, actor)), actor)
    const before = known.find(each => each.name === name)
    if (!before) return create('limits', name, put)
    const { id: _id, version: _version, name: _name, to: had, ...wire } = wireLimits(before)
    const changes = differing(
      { ...wire, to: comparable(had, people) },
      { ...rest, to: to_ === to ? to : { principal: to_ } },
    )
    return update('limits', name, changes, put)
  })
  const surplus = known.filter(each => !names.has(each.name))
  return [
    ...steps,
    ...pruned(
      options,
      surplus,
      'limits',
      each => each.name,
      name => rules.removeLimits(name, actor),
    ),
  ]
}

function policies({ rules }: Parts, wanted: Manifest['policies'], actor: Actor): Step[] {
  if (!wanted) return []
  const problems = rules.checkPolicies(wanted)
  if (problems.length > 0) {
    const why = problems
      .map(({ file, line, message }) => `${file}${line === null ? '' : `:${line}`}: ${message}`)
      .join('; ')
    throw fault('POLICY_INVALID', { why })
  }
  const before = rules.policySet(actor.tenant)
  const put = () => rules.putPolicies(wanted, actor)
  if (!before) return [create('policies', 'policies', put)]
  return [update('policies', 'policies', differing(before.files, wanted, true), put)]
}

function create(kind: Step['kind'], name: string, run: () => Promise<unknown>): Step {
  return { action: 'create', kind, name, changes: [], run }
}

function update(kind: Step['kind'], name: string, changes: readonly string[], run: () => Promise<unknown>): Step {
  return changes.length === 0
    ? { action: 'unchanged', kind, name, changes, run: null }
    : { action: 'update', kind, name, changes, run }
}

function pruned<T>(
  { prune }: Options,
  surplus: readonly T[],
  kind: Step['kind'],
  nameOf: (item: T) => string,
  remove: (name: string) => Promise<unknown>,
): Step[] {
  if (!prune) return []
  return surplus.map(nameOf).map(name => ({ action: 'delete', kind, name, changes: [], run: () => remove(name) }))
}

/** Names of the fields of `after` that differ in `before`; with `both`, also of those that are gone. */
function differing(before: object, after: object, both = false): string[] {
  const old = before as Record<string, unknown>
  const now = after as Record<string, unknown>
  const names = both ? new Set([...Object.keys(old), ...Object.keys(now)]) : Object.keys(now)
  return [...names].filter(name => canonicalize(old[name] ?? null) !== canonicalize(now[name] ?? null)).toSorted()
}

function comparable(to: Limits['to'], people: readonly Principal[]): unknown {
  if (to === 'everyone' || 'role' in to) return to
  return { principal: people.find(each => each.id === to.principal)?.name ?? to.principal }
}

function declared(name: string, people: readonly Principal[], manifest: Manifest): string {
  if (people.some(each => each.name === name) || manifest.principals?.some(each => each.name === name)) return name
  throw fault('REQUEST_INVALID', { why: `no principal is named "${name}"; declare it under "principals"` })
}

/** Asked when the step runs, since the principal may have been made by a step before. */
async function resolved<T extends { role: string } | { principal: string }>(
  to: T,
  directory: Core['directory'],
  actor: Actor,
): Promise<T> {
  if (!('principal' in to)) return to
  const found = (await directory.principals.list(actor.tenant)).find(each => each.name === to.principal)
  if (!found) throw fault('NOT_FOUND', { what: 'principal' })
  return { ...to, principal: found.id }
}

function unique(what: string, names: readonly string[]): Set<string> {
  const seen = new Set<string>()
  for (const name of names) {
    if (seen.has(name)) throw fault('REQUEST_INVALID', { why: `the ${what} "${name}" is declared twice` })
    seen.add(name)
  }
  return seen
}
