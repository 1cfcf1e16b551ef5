import type { Identity } from '../identity/index.ts'
import { isJsonObject, type JsonObject } from '../kernel/index.ts'
import { toolDefinition } from './as-tool.ts'
import type { Capability, Catalog, Primitive } from './capability.ts'
import type { Grant, Group } from './grant.ts'
import { exposedName, matchesPattern } from './names.ts'
import type { Server } from './server.ts'
import { fitsTemplate } from './uri-template.ts'

/** Which endpoint is looked at: everything granted, one server under its original names, or a virtual server. */
export type View =
  | { readonly is: 'all' }
  | { readonly is: 'server'; readonly name: string }
  | { readonly is: 'group'; readonly name: string }

/** A capability as one principal sees it on one endpoint. */
export interface Offer {
  /** How it is asked for here: tool and prompt names, resource URIs, URI templates. */
  readonly exposed: string
  /** What it is listed as: a resource or prompt may be offered a second time, as a tool. */
  readonly as: Primitive
  readonly server: Server
  readonly capability: Capability
  /** The definition to show, under the exposed name; otherwise exactly as discovered. */
  readonly definition: JsonObject
  /** Why nobody may use it as it is now; absent when it may be used. */
  readonly withheld?: string
}

export interface Offers {
  /** Servers of which something may be granted here, also those whose catalogue is not known yet. */
  readonly servers: readonly Server[]
  /** In a stable order: by exposed name. */
  readonly list: Readonly<Record<Primitive, readonly Offer[]>>
  /** What is granted and not shown, since its definition is not the one that was reviewed. It can be found, and is refused. */
  readonly withheld: readonly Offer[]
  find(as: Primitive, exposed: string): Offer | undefined
}

/** Everything a principal may see on an endpoint. Pure; built once per identity and state of the registry. */
export function offersFor(
  identity: Pick<Identity, 'principal' | 'roles'>,
  view: View,
  state: {
    readonly servers: readonly Server[]
    readonly catalogs: ReadonlyMap<string, Catalog>
    readonly grants: readonly Grant[]
    readonly groups: readonly Group[]
    /** Why a capability may not be offered; null when it may. */
    readonly withheld?: (server: Server, capability: Capability) => string | null
  },
): Offers {
  const mine = state.grants.filter(grant => appliesTo(grant, identity))
  const group = view.is === 'group' ? state.groups.find(each => each.name === view.name) : undefined
  const originalNames = view.is === 'server'
  const found: Offer[] = []
  const withheld: Offer[] = []
  const servers: Server[] = []
  for (const server of state.servers) {
    if (view.is === 'server' && server.name !== view.name) continue
    const grants = mine.filter(grant => grant.server === '*' || grant.server === server.name)
    if (grants.length === 0) continue
    if (view.is !== 'group' || group?.members.some(member => member.server === server.name)) servers.push(server)
    for (const capability of state.catalogs.get(server.id)?.capabilities ?? []) {
      if (view.is === 'group' && !isMember(group, server, capability)) continue
      const fitting = grants.filter(grant => covers(grant, capability))
      if (fitting.length === 0) continue
      const offers = [asItself(server, capability, originalNames)]
      if (capability.primitive !== 'tool' && fitting.some(grant => grant.asTool))
        offers.push(asTool(server, capability))
      const why = state.withheld?.(server, capability) ?? null
      if (why === null) found.push(...offers)
      else withheld.push(...offers.map(offer => ({ ...offer, withheld: why })))
    }
  }
  return { servers, ...arrange(found, withheld) }
}

function appliesTo(grant: Grant, identity: Pick<Identity, 'principal' | 'roles'>): boolean {
  return 'principal' in grant.to ? grant.to.principal === identity.principal.id : identity.roles.includes(grant.to.role)
}

function covers(grant: Grant, capability: Capability): boolean {
  const primitive = capability.primitive === 'template' ? 'resource' : capability.primitive
  return grant.primitive === primitive && matchesPattern(grant.name, capability.name)
}

function isMember(group: Group | undefined, server: Server, capability: Capability): boolean {
  return (group?.members ?? []).some(
    member => member.server === server.name && member.names.some(pattern => matchesPattern(pattern, capability.name)),
  )
}

function asItself(server: Server, capability: Capability, originalNames: boolean): Offer {
  const { primitive, name, definition } = capability
  const named = primitive === 'tool' || primitive === 'prompt'
  const exposed = originalNames || !named ? name : exposedName(server.name, primitive, name)
  return {
    exposed,
    as: primitive,
    server,
    capability,
    definition: exposed === name || !named ? definition : { ...definition, name: exposed },
  }
}

function asTool(server: Server, capability: Capability): Offer {
  const exposed = exposedName(server.name, capability.primitive, capability.name, true)
  return { exposed, as: 'tool', server, capability, definition: toolDefinition(capability, exposed) }
}

/** URI under which a resource is asked for when several servers offer the same one. */
function qualifiedUri(server: string, uri: string): string {
  return `castellan://${server}/${encodeURIComponent(uri)}`
}

function arrange(found: readonly Offer[], withheld: readonly Offer[]): Omit<Offers, 'servers'> {
  const list: Record<Primitive, Offer[]> = { tool: [], resource: [], template: [], prompt: [] }
  const index = new Map<string, Offer | 'ambiguous'>()
  for (const offer of found) {
    list[offer.as].push(offer)
    const key = `${offer.as} ${offer.exposed}`
    index.set(key, index.has(key) ? 'ambiguous' : offer)
  }
  for (const as of ['resource', 'template'] as const) {
    list[as] = list[as].map(offer => {
      const qualified = { ...offer, exposed: qualifiedUri(offer.server.name, offer.exposed) }
      index.set(`${as} ${qualified.exposed}`, qualified)
      if (index.get(`${as} ${offer.exposed}`) !== 'ambiguous') return offer
      return { ...qualified, definition: withUri(offer, qualified.exposed) }
    })
  }
  for (const as of Object.keys(list) as Primitive[]) list[as].sort((a, b) => (a.exposed < b.exposed ? -1 : 1))
  // What is withheld takes no name from what is offered.
  for (const offer of withheld) {
    const names = isUri(offer.as) ? [offer.exposed, qualifiedUri(offer.server.name, offer.exposed)] : [offer.exposed]
    for (const name of names) if (!index.has(`${offer.as} ${name}`)) index.set(`${offer.as} ${name}`, offer)
  }
  return {
    list,
    withheld,
    find(as, exposed) {
      const offer = index.get(`${as} ${exposed}`)
      return offer === 'ambiguous' ? undefined : offer
    },
  }
}

function isUri(as: Primitive): boolean {
  return as === 'resource' || as === 'template'
}

function withUri(offer: Offer, uri: string): JsonObject {
  const key = offer.as === 'template' ? 'uriTemplate' : 'uri'
  return isJsonObject(offer.definition) ? { ...offer.definition, [key]: uri } : offer.definition
}

/** The offer behind a resource URI a client asks for, with the URI its server knows; undefined when none or several fit. */
export function offerForUri(offers: Offers, uri: string): { readonly offer: Offer; readonly uri: string } | undefined {
  const listed = offers.find('resource', uri)
  if (listed) return { offer: listed, uri: listed.capability.name }
  const qualified = /^castellan:\/\/([^/]+)\/(.+)$/.exec(uri)
  const fits = (offer: Offer) =>
    qualified
      ? offer.server.name === qualified[1] && fitsTemplate(offer.capability.name, decode(qualified[2]!))
      : fitsTemplate(offer.capability.name, uri)
  const offered = offers.list.template.filter(fits)
  const fitting = offered.length > 0 ? offered : offers.withheld.filter(offer => offer.as === 'template' && fits(offer))
  const servers = new Set(fitting.map(offer => offer.server.id))
  if (servers.size !== 1) return undefined
  return { offer: fitting[0]!, uri: qualified ? decode(qualified[2]!) : uri }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
