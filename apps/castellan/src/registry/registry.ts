import type { Actor, Identity } from '../identity/index.ts'
import type { Entry, Journal } from '../journal/index.ts'
import { type Clock, fault, isFault, type JsonObject, newId, notFound } from '../kernel/index.ts'
import type { Catalog, Discovery } from './capability.ts'
import type { CatalogSource } from './catalog-source.ts'
import { catalogChange, type CatalogChange } from './catalog-change.ts'
import { checkSpec } from './check-spec.ts'
import { Grants } from './grants.ts'
import { Groups } from './groups.ts'
import { probed, probeFailed, unknownHealth } from './health.ts'
import { type Offers, offersFor, type View } from './offer.ts'
import { type PinInFull, Pins, type PinsParts } from './pins/pins.ts'
import { instructionsOf } from './pins/subject.ts'
import type { RegistryStore, SealedSecret } from './registry-store.ts'
import { resourceEntry } from './resource-entry.ts'
import { type FoundTool, type ToolQuery, ToolSearch } from './search.ts'
import type { SecretVault } from './secrets.ts'
import { buildServer } from './build-server.ts'
import type { Health, Server } from './server.ts'
import { serverDifferences } from './server-diff.ts'
import { serverDefaults, type ServerSpec } from './server-spec.ts'
import { checkVerifications } from './verification.ts'

export interface RegistryParts {
  readonly store: RegistryStore
  readonly journal: Journal
  readonly source: CatalogSource
  readonly vault: SecretVault
  readonly clock: Clock
  readonly pins: Pick<PinsParts, 'store' | 'inspect' | 'onTrouble'>
  /** What is wrong with an expression; null when nothing is. */
  readonly problemIn: (expression: string) => Promise<string | null>
}

export interface RegisterOptions {
  /** Registers even when the probe fails. */
  readonly allowUnhealthy?: boolean
}

/** Tells listeners that what principals may see has changed. */
export type CatalogListener = (tenant: string, change: CatalogChange) => void

/**
 * Servers, their catalogues, and who may see what. Keeps everything in memory, as loaded from the store, so that listing
 * needs neither disk nor server; every change goes through the store and the journal first.
 */
export class Registry {
  readonly grants: Grants
  readonly groups: Groups
  readonly pins: Pins
  readonly #parts: RegistryParts
  #servers: readonly Server[] = []
  readonly #catalogs = new Map<string, Catalog>()
  readonly #health = new Map<string, Health>()
  readonly #discovering = new Map<string, Promise<Catalog>>()
  /** New secrets of servers that are just being tried, and so are not in the store yet. */
  readonly #staged = new Map<string, readonly SealedSecret[]>()
  readonly #listeners = new Set<CatalogListener>()
  #offers = new Map<string, Offers>()
  readonly #search = new ToolSearch({
    offers: (identity, view) => this.offers(identity, view),
    capabilities: () => this.#catalogs.values().reduce((sum, { capabilities }) => sum + capabilities.length, 0),
  })

  constructor(parts: RegistryParts) {
    this.#parts = parts
    const { store, journal } = parts
    const changed = (tenant: string) => this.#changed(tenant, 'all')
    this.grants = new Grants(store, journal, changed)
    this.groups = new Groups(store, journal, changed)
    this.pins = new Pins({ ...parts.pins, journal, clock: parts.clock })
  }

  /** Reads everything back; after it tools are listed at once, before any server is up. */
  async load(): Promise<void> {
    const { store } = this.#parts
    this.#servers = await store.servers()
    await this.grants.load()
    await this.groups.load()
    const catalogs = await store.catalogs()
    this.#catalogs.clear()
    for (const catalog of catalogs) this.#catalogs.set(catalog.server, catalog)
    await this.#loadPins()
    this.#offers = new Map()
  }

  /** Reads back what other processes on the store changed. Connections to servers that are others now are closed. */
  async reload(): Promise<void> {
    const before = this.#servers
    await this.load()
    for (const server of before) {
      const after = this.#servers.find(({ id }) => id === server.id)
      if (after?.version === server.version) continue
      await this.#parts.source.forget(server.id, after)
      if (!after) this.#health.delete(server.id)
    }
    for (const tenant of new Set([...before, ...this.#servers].map(each => each.tenant))) this.#changed(tenant, 'all')
  }

  /** Tries again what could not be read or written of pins; until then what they speak of is withheld. */
  async mendPins(): Promise<void> {
    if (this.pins.trouble !== null) {
      await this.#loadPins()
      if (this.pins.trouble !== null) return
      for (const tenant of new Set(this.#servers.map(each => each.tenant))) this.#changed(tenant, 'all')
    }
    const lost = this.#servers.filter(server => this.pins.isLost(server))
    // What they offer may be another thing by now.
    await Promise.all(lost.map(server => this.rediscover(server, systemActor(server)).catch(unlessFault)))
  }

  async #loadPins(): Promise<void> {
    await this.pins.load()
    if (this.pins.trouble !== null) return
    for (const server of this.#servers) {
      const catalog = this.#catalogs.get(server.id)
      // What was stored before there were pins is what was seen first.
      if (catalog && !this.pins.knows(server)) {
        await this.#review(server, catalog, systemActor(server)).catch(unlessFault)
      }
    }
  }

  onCatalogChanged(listener: CatalogListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  // Servers

  servers(tenant?: string): readonly Server[] {
    return tenant === undefined ? this.#servers : this.#servers.filter(server => server.tenant === tenant)
  }

  /** Throws `NOT_FOUND`, also for a server of another tenant. */
  server(tenant: string, idOrName: string): Server {
    const found = this.#servers.find(each => each.tenant === tenant && (each.id === idOrName || each.name === idOrName))
    if (!found) throw notFound('server', idOrName)
    return found
  }

  catalog(serverId: string): Catalog | undefined {
    return this.#catalogs.get(serverId)
  }

  health(serverId: string): Health {
    return this.#health.get(serverId) ?? unknownHealth
  }

  /** Throws `REQUEST_INVALID` for what no server can be. */
  async check(spec: ServerSpec): Promise<void> {
    checkSpec(spec)
    await checkVerifications(spec.tools, this.#parts.problemIn)
  }

  /**
   * Adds a server after it answered a probe and showed its catalogue.
   * Throws `REQUEST_INVALID`, `NAME_TAKEN`, `UPSTREAM_UNHEALTHY` (unless allowed), `STORE_UNAVAILABLE`.
   */
  async addServer(spec: ServerSpec, actor: Actor, options: RegisterOptions = {}): Promise<Server> {
    await this.check(spec)
    if (this.#servers.some(each => each.tenant === actor.tenant && each.name === spec.name)) {
      throw fault('NAME_TAKEN', { what: 'server', name: spec.name })
    }
    const built = buildServer(spec, actor.tenant, undefined, this.#parts)
    return this.#putServer(built.server, built.secrets, actor, options)
  }

  /**
   * Changes a server as a whole; secrets that are not given again keep their values by reference.
   * Throws as {@link addServer}, and `TRANSPORT_IMMUTABLE`, `NOT_FOUND`, `VERSION_CONFLICT`.
   */
  async updateServer(idOrName: string, spec: ServerSpec, actor: Actor, options: RegisterOptions = {}): Promise<Server> {
    const { built } = await this.#change(idOrName, spec, actor.tenant)
    return this.#putServer(built.server, built.secrets, actor, options)
  }

  /**
   * Names of the settings that {@link updateServer} would change; empty when none.
   * Throws `REQUEST_INVALID`, `TRANSPORT_IMMUTABLE`, `NOT_FOUND`, `SECRET_UNREADABLE`.
   */
  async differences(idOrName: string, spec: ServerSpec, tenant: string): Promise<readonly string[]> {
    const { before, built } = await this.#change(idOrName, spec, tenant)
    const stored = (name: string) => this.#parts.store.secret(tenant, name)
    return serverDifferences(before, built.server, built.secrets, stored, this.#parts.vault)
  }

  async #change(idOrName: string, spec: ServerSpec, tenant: string) {
    const before = this.server(tenant, idOrName)
    await this.check(spec)
    if (spec.connection.transport !== before.connection.transport) {
      throw fault('TRANSPORT_IMMUTABLE', { from: before.connection.transport, to: spec.connection.transport })
    }
    return { before, built: buildServer(spec, tenant, before, this.#parts) }
  }

  async #putServer(
    server: Server,
    secrets: readonly SealedSecret[],
    actor: Actor,
    options: RegisterOptions,
  ): Promise<Server> {
    const { store, source, clock } = this.#parts
    this.#staged.set(server.id, secrets)
    let discovery: Discovery | null = null
    let health: Health
    try {
      const started = clock.monotonic()
      discovery = await source.discover(server, AbortSignal.timeout(server.timeouts.connect + server.timeouts.read))
      health = probed(clock.monotonic() - started, clock)
    } catch (cause) {
      health = probeFailed(unknownHealth, cause, clock)
      // That a server wants to be authorized first is expected of those with OAuth.
      if (!options.allowUnhealthy && !isFault(cause, 'UPSTREAM_AUTHORIZATION_REQUIRED')) {
        await source.forget(
          server.id,
          this.#servers.find(each => each.id === server.id),
        )
        this.#staged.delete(server.id)
        throw fault('UPSTREAM_UNHEALTHY', { server: server.name, why: health.reason ?? '' }, { cause })
      }
    }
    try {
      const type = server.version === 1 ? 'server.created' : 'server.updated'
      await store.saveServer(server, secrets, [this.#entry(type, server, actor, describe(server))])
    } catch (error) {
      await source.forget(
        server.id,
        this.#servers.find(each => each.id === server.id),
      )
      throw error
    } finally {
      this.#staged.delete(server.id)
    }
    this.#servers = sorted([...this.#servers.filter(each => each.id !== server.id), server])
    this.#health.set(server.id, health)
    await this.#saveHealth(server, health, [])
    await source.forget(server.id, server)
    if (discovery) await this.#keepCatalog(server, discovery, actor)
    else this.#changed(server.tenant, 'all')
    return server
  }

  /** Throws `NOT_FOUND`. Calls under way end first. */
  async removeServer(idOrName: string, actor: Actor): Promise<void> {
    const server = this.server(actor.tenant, idOrName)
    const gone = { ...server, version: server.version + 1 }
    await this.#parts.store.removeServer(server.tenant, server.id, [
      this.#entry('server.removed', gone, actor, { name: server.name }),
    ])
    this.#servers = this.#servers.filter(each => each.id !== server.id)
    this.#catalogs.delete(server.id)
    this.#health.delete(server.id)
    this.#changed(server.tenant, 'all')
    await this.#parts.source.forget(server.id)
  }

  /** A sealed secret of the store, or of a server that is just being added. */
  async secret(tenant: string, name: string): Promise<SealedSecret | undefined> {
    for (const staged of this.#staged.values()) {
      const found = staged.find(each => each.tenant === tenant && each.name === name)
      if (found) return found
    }
    return this.#parts.store.secret(tenant, name)
  }

  /** Seals a secret under a name that servers of the tenant may refer to. Throws `STORE_UNAVAILABLE`. */
  async putSecret(name: string, value: string, actor: Actor): Promise<void> {
    const entry = this.#parts.journal.seal({
      tenant: actor.tenant,
      stream: `secret:${newId()}`,
      seq: 0,
      type: 'server.secret_sealed',
      principal: actor.principal,
      correlationId: actor.correlationId,
      data: { name },
    })
    await this.#parts.store.saveSecret(this.#parts.vault.seal(actor.tenant, name, value), [entry])
  }

  // Discovery and health

  /**
   * A connection to a server was opened: what answers may offer something else than what did before.
   * Never throws for what servers do.
   */
  async refresh(serverId: string): Promise<void> {
    const server = this.#servers.find(each => each.id === serverId)
    // Whatever is just being tried is asked anyway.
    if (!server || this.#staged.has(serverId)) return
    await this.rediscover(server, systemActor(server)).catch(unlessFault)
  }

  /**
   * Asks a server again when what it said is older than it allowed (`ttlMs`), or than we do: not every server says that it
   * changed. Never throws for what servers do.
   */
  async refreshStale(server: Server): Promise<void> {
    const catalog = this.#catalogs.get(server.id)
    if (!catalog) return
    const { ttl } = catalog
    const lasts = ttl === null || ttl <= 0 ? LOOK_AGAIN : Math.min(ttl, LOOK_AGAIN)
    const age = this.#parts.clock.now().getTime() - Date.parse(catalog.discoveredAt)
    if (age >= lasts) await this.rediscover(server, systemActor(server)).catch(unlessFault)
  }

  /** A server said that a list changed; clients are told so even when it looks the same as before. */
  async listChanged(serverId: string, list: keyof Announced): Promise<void> {
    const server = this.#servers.find(each => each.id === serverId)
    if (!server) return
    // What was asked before this change may be answered with what was there before it.
    await this.#discovering.get(serverId)?.catch(unlessFault)
    const before = this.#catalogs.get(serverId)
    const after = await this.rediscover(server, systemActor(server)).catch(unlessFault)
    if (after && catalogChange(before, after) === null) this.#tell(server.tenant, { ...NOTHING, [list]: true })
  }

  /** Asks a server anew what it offers. Concurrent requests share one answer. Throws as {@link CatalogSource.discover}. */
  async rediscover(server: Server, actor: Actor): Promise<Catalog> {
    const under = this.#discovering.get(server.id)
    if (under) return under
    // Known to be under way before it begins: it may open a connection, and whoever hears of that would ask, too.
    const work = Promise.resolve()
      .then(() => {
        const signal = AbortSignal.timeout(server.timeouts.connect + server.timeouts.read)
        return this.#parts.source.discover(server, signal)
      })
      .then(discovery => this.#keepCatalog(server, discovery, actor))
      .finally(() => this.#discovering.delete(server.id))
    this.#discovering.set(server.id, work)
    return work
  }

  async #keepCatalog(server: Server, discovery: Discovery, actor: Actor): Promise<Catalog> {
    const before = this.#catalogs.get(server.id)
    const catalog: Catalog = {
      ...discovery,
      server: server.id,
      discoveredAt: this.#parts.clock.now().toISOString(),
    }
    const change = catalogChange(before, catalog)
    let judgedAnew: boolean
    try {
      if (change !== null || !before) await this.#saveCatalog(server, catalog, change, actor)
      judgedAnew = await this.#review(server, catalog, actor)
    } catch (error) {
      // It is known to offer something else than what is kept, so what is kept cannot be trusted.
      this.pins.distrust(server)
      this.#changed(server.tenant, 'all')
      throw error
    }
    // A server that was removed meanwhile must not come back through its catalogue.
    if (!this.#servers.some(each => each.id === server.id)) return catalog
    this.#catalogs.set(server.id, catalog)
    if (change !== null || judgedAnew) this.#changed(server.tenant, change ?? 'all')
    return catalog
  }

  #saveCatalog(server: Server, catalog: Catalog, change: CatalogChange | null, actor: Actor): Promise<void> {
    const entry = this.#parts.journal.seal({
      tenant: server.tenant,
      stream: `catalog:${newId()}`,
      seq: 0,
      type: 'server.discovered',
      principal: actor.principal,
      correlationId: actor.correlationId,
      data: { server: server.name, ...change?.facts },
    })
    return this.#parts.store.saveCatalog(server.tenant, catalog, [entry])
  }

  #review(server: Server, catalog: Catalog, actor: Actor): Promise<boolean> {
    const others = this.servers(server.tenant).map(each => ({
      server: each,
      capabilities: this.#catalogs.get(each.id)?.capabilities ?? [],
    }))
    return this.pins.review(server, catalog, others, actor)
  }

  // What was reviewed

  /** Lets a definition be offered and called. Throws `NOT_FOUND`, `PIN_CONFLICT`, `STORE_UNAVAILABLE`. */
  async approvePin(id: string, digest: string, actor: Actor): Promise<PinInFull> {
    const pin = await this.pins.approve(id, digest, actor)
    this.#changed(actor.tenant, 'all')
    return pin
  }

  /** Says no to a definition, or takes back that it was approved. Throws as {@link approvePin}. */
  async rejectPin(id: string, digest: string, actor: Actor): Promise<PinInFull> {
    const pin = await this.pins.reject(id, digest, actor)
    this.#changed(actor.tenant, 'all')
    return pin
  }

  /** What a server says of how it is to be used, unless that was not reviewed; null when there is nothing. */
  instructions(server: Server): string | null {
    const said = this.#catalogs.get(server.id)?.instructions
    return said && this.pins.withheldInstructions(server, instructionsOf(said)) === null ? said : null
  }

  /** Takes over how those who probe found servers, where nobody does. */
  async loadHealth(): Promise<void> {
    for (const [server, health] of await this.#parts.store.healths()) this.#health.set(server, health)
  }

  /** Probes a server, keeps the result, and rediscovers it when it came back. Resolves with its health, never throws for it. */
  async checkHealth(server: Server, actor: Actor): Promise<Health> {
    const before = this.health(server.id)
    let after: Health
    try {
      const signal = AbortSignal.timeout(server.timeouts.connect + server.timeouts.read)
      after = probed(await this.#parts.source.probe(server, signal), this.#parts.clock)
    } catch (error) {
      after = probeFailed(before, error, this.#parts.clock)
    }
    if (!this.#servers.some(each => each.id === server.id)) return after
    this.#health.set(server.id, after)
    if (after.status !== before.status) {
      const entry = this.#parts.journal.seal({
        tenant: server.tenant,
        stream: `health:${newId()}`,
        seq: 0,
        type: 'server.health_changed',
        principal: actor.principal,
        correlationId: actor.correlationId,
        data: { server: server.name, from: before.status, to: after.status, reason: after.reason },
      })
      await this.#saveHealth(server, after, [entry])
    }
    const cameBack = after.status === 'active' && (before.status !== 'active' || !this.#catalogs.has(server.id))
    if (cameBack) await this.rediscover(server, actor).catch(unlessFault)
    return after
  }

  /** Whoever was removed meanwhile has none. */
  async #saveHealth(server: Server, health: Health, entries: readonly Entry[]): Promise<void> {
    await this.#parts.store.saveHealth(server.id, health, entries).catch((error: unknown) => {
      if (!isFault(error, 'NOT_FOUND')) throw error
    })
  }

  // What a principal sees

  /** Everything granted to an identity on an endpoint. */
  offers(identity: Identity, view: View = { is: 'all' }): Offers {
    const key = JSON.stringify([identity.tenant, identity.principal.id, identity.roles, view])
    const known = this.#offers.get(key)
    if (known) return known
    const offers = offersFor(identity, view, {
      servers: this.servers(identity.tenant),
      catalogs: this.#catalogs,
      grants: this.grants.list(identity.tenant),
      groups: this.groups.list(identity.tenant),
      withheld: (server, capability) => this.pins.withheld(server, capability),
    })
    if (this.#offers.size >= MAX_CACHED_OFFERS) this.#offers.clear()
    this.#offers.set(key, offers)
    return offers
  }

  /** The tools of {@link offers} that fit some words best: the best first, equally good ones by exposed name. */
  search(identity: Identity, query: ToolQuery, view: View = { is: 'all' }): Promise<readonly FoundTool[]> {
    return this.#search.find(identity, view, query)
  }

  #changed(tenant: string, change: CatalogChange | 'all'): void {
    this.#offers = new Map()
    this.#tell(tenant, change === 'all' ? EVERYTHING : change)
  }

  #tell(tenant: string, change: CatalogChange): void {
    for (const listener of this.#listeners) listener(tenant, change)
  }

  #entry(type: string, server: Server, actor: Actor, data: JsonObject): Entry {
    return resourceEntry(this.#parts.journal, 'server', type, server, actor, data)
  }
}

const MAX_CACHED_OFFERS = 1_000
/** Milliseconds after which a server is asked again what it offers. */
const LOOK_AGAIN = 10 * 60_000
const EVERYTHING: CatalogChange = { tools: true, resources: true, prompts: true, facts: {} }
const NOTHING: CatalogChange = { tools: false, resources: false, prompts: false, facts: {} }

/** The lists that a server may say have changed. */
type Announced = Pick<CatalogChange, 'tools' | 'resources' | 'prompts'>

function systemActor(server: Server): Actor {
  return { tenant: server.tenant, principal: 'system', correlationId: newId() }
}

function unlessFault(error: unknown): void {
  if (!isFault(error)) throw error
}

function sorted(servers: readonly Server[]): readonly Server[] {
  return servers.toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

/** What opens or closes something is named, so that the journal tells who did. */
function describe({ name, connection, trusted, pinning = serverDefaults.pinning, version }: Server): JsonObject {
  const { sandbox, egress } = { sandbox: undefined, egress: undefined, ...connection }
  return {
    name,
    transport: connection.transport,
    trusted,
    pinning,
    version,
    ...(sandbox === undefined ? {} : { sandbox: { ...sandbox } }),
    ...(egress === undefined ? {} : { egress: { ...egress } }),
  }
}
