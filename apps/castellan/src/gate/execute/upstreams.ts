import {
  type Clock,
  digestJson,
  type Fault,
  fault,
  formatDuration,
  isFault,
  type JsonObject,
} from '../../kernel/index.ts'
import { type Authorization, type CatalogSource, type Discovery, secretsOf, type Server } from '../../registry/index.ts'
import { AllowedCall } from '../allowed-call.ts'
import type { Call } from '../call.ts'
import type { CallIo, Connector, Link, LinkEvents, Reply, Target } from '../connector.ts'
import { Bulkhead } from './bulkhead.ts'
import { type Lane, laneFor, laneOfSession } from './lane.ts'
import { Replica } from './replica.ts'

export interface UpstreamParts {
  readonly connectors: readonly Connector[]
  /** The environment variables or headers of a server in the clear. Throws `SECRET_UNREADABLE`. */
  readonly resolveSecrets: (server: Server) => Promise<Readonly<Record<string, string>>>
  /** What gives tokens for a server with OAuth; null for others. */
  readonly authorization?: (server: Server) => Authorization | null
  /** Those there are, for what others ask on behalf of their clients. */
  readonly servers?: () => readonly Server[]
  readonly clock: Clock
  /** How many connections may open at once. */
  readonly maxOpenings: number
  readonly onListChanged: (serverId: string, list: 'tools' | 'resources' | 'prompts') => void
  /** A connection opened, for the first time or again: the server may offer other things than before. */
  readonly onOpened: (serverId: string) => void
  /** A resource that somebody subscribed to changed. */
  readonly onResourceUpdated: (serverId: string, uri: string) => void
  readonly onLog: (server: string, line: string) => void
}

/** The replicas of one server under one set of connection settings, for one client or for all. */
interface Pool {
  readonly replicas: readonly Replica[]
  readonly calls: Bulkhead
  readonly isOfOneClient: boolean
}

/**
 * Every open connection to every server: the least loaded replica that is well takes the next call. Connections open when
 * first needed, so a server that nobody uses costs nothing.
 */
export class Upstreams implements CatalogSource {
  readonly #parts: UpstreamParts
  readonly #openings: Bulkhead
  readonly #pools = new Map<string, Pool>()
  /** The calls that subscribed to resources, by server and URI: a connection that opens anew is told again. */
  readonly #watched = new Map<string, Map<string, AllowedCall>>()
  /** What waits to be opened again for those who watch. */
  readonly #reopening = new Map<Replica, NodeJS.Timeout>()
  #turn = 0
  #closed = false

  constructor(parts: UpstreamParts) {
    this.#parts = parts
    this.#openings = new Bulkhead(parts.maxOpenings)
  }

  /** Sends an allowed call once. Never throws for what servers do; see {@link Reply}. */
  async call(allowed: AllowedCall, io: CallIo): Promise<Reply> {
    const { server } = allowed.call
    if (this.#closed) return notSent(fault('SHUTTING_DOWN').message, false)
    const isTaken = (client: string) => (this.#pools.get(laneKey(server, client))?.calls.taken ?? 0) > 0
    const lane = laneFor(allowed.call, io, isTaken)
    if (lane !== null && !this.#makeRoom(server, lane))
      return notSent(fault('UPSTREAM_BUSY', { server: server.name }).message, true)
    const pool = this.#pool(server, lane)
    let leave: () => void
    try {
      // Most calls find a place at once and need no patience.
      const free = io.signal.aborted ? null : pool.calls.tryEnter()
      leave = free ?? (await pool.calls.enter(AbortSignal.any([io.signal, AbortSignal.timeout(server.timeouts.pool)])))
    } catch {
      return notSent(
        io.signal.aborted
          ? 'the call was given up while it waited for its turn'
          : fault('UPSTREAM_BUSY', { server: server.name }).message,
        !io.signal.aborted,
      )
    }
    try {
      return await this.#send(this.#choose(pool), allowed, io)
    } catch (error) {
      if (io.signal.aborted) return notSent('the call was given up before it was sent', false)
      if (isFault(error, 'UPSTREAM_AUTHORIZATION_REQUIRED')) return { ...notSent(error.message, false), fault: error }
      if (isFault(error, 'STORE_UNAVAILABLE')) return { ...notSent(error.message, true), ours: true }
      if (isFault(error)) return notSent(error.message, error.retryable)
      throw error
    } finally {
      leave()
    }
  }

  /**
   * Uses a replica for another node, by the name that all have for its pool. Throws as {@link Connector.open}; `UPSTREAM_UNREACHABLE`
   * for a pool that this process has not, or has otherwise by now.
   */
  async onBehalf<T>(name: string, replica: number, signal: AbortSignal, work: (link: Link) => Promise<T>): Promise<T> {
    const { found, server } = this.#named(name, replica)
    return this.#ask(server, found, signal, work)
  }

  /** Sends a call once that the gate of another node let pass, to the replica it chose. Never throws for what servers do. */
  async callOnBehalf(name: string, replica: number, call: Omit<Call, 'server'>, io: CallIo): Promise<Reply> {
    try {
      const { found, server } = this.#named(name, replica)
      return await this.#send(found, AllowedCall.of({ ...call, server }), io)
    } catch (error) {
      if (io.signal.aborted) return notSent('the call was given up before it was sent', false)
      if (isFault(error)) return notSent(error.message, error.retryable)
      throw error
    }
  }

  async #send(replica: Replica, allowed: AllowedCall, io: CallIo): Promise<Reply> {
    const reply = await replica.use(io.signal, link => link.call(allowed, io))
    const broke = reply.is === 'broken'
    const subscribes = allowed.call.method === 'resources/subscribe'
    // A call that was given up says nothing of the replica; and that a resource can be watched nothing good: who watches asks for it
    // on each new connection, and one that breaks right after that would never be left alone for longer.
    if (!io.signal.aborted && (broke || !subscribes)) replica.report(broke)
    if (subscribes && reply.is === 'result') this.#watch(allowed)
    return reply
  }

  #named(name: string, replica: number): { readonly found: Replica; readonly server: Server } {
    const server = this.#parts.servers?.().find(each => name === poolKey(each))
    const found = server && !this.#closed ? this.#pool(server).replicas[replica] : undefined
    if (!server || !found)
      throw fault('UPSTREAM_UNREACHABLE', { server: name.split(' ')[0]!, why: 'its settings are others there' })
    return { found, server }
  }

  /** Closes what nobody uses of what other nodes could take over now. */
  async handOver(): Promise<void> {
    const shared = [...this.#pools.values()].filter(pool => !pool.isOfOneClient)
    await Promise.all(shared.flatMap(pool => pool.replicas.map(replica => replica.closeIfIdle(0))))
  }

  /** Ends what an allowed `resources/subscribe` began. */
  unwatch(serverId: string, uri: string): void {
    this.#watched.get(serverId)?.delete(uri)
    for (const [key, { replicas }] of this.#pools) {
      if (key.startsWith(`${serverId} `)) for (const replica of replicas) replica.unwatch(uri)
    }
  }

  #watch(allowed: AllowedCall): void {
    const { server, args } = allowed.call
    const watched = this.#watched.get(server.id) ?? new Map<string, AllowedCall>()
    if (typeof args.uri === 'string') this.#watched.set(server.id, watched.set(args.uri, allowed))
  }

  /** What is lost meanwhile cannot be known, so everybody is told that what they watch may have changed. */
  async #watchAgain(server: Server, replica: Replica): Promise<void> {
    for (const [uri, allowed] of this.#watched.get(server.id) ?? []) {
      const signal = AbortSignal.timeout(server.timeouts.read)
      const io: CallIo = { signal, onProgress: null, client: null }
      await replica.use(signal, link => link.call(allowed, io), true).catch(() => undefined)
      this.#parts.onResourceUpdated(server.id, uri)
    }
  }

  /** Opens what broke again for those who watch something through it: nobody else may need it for long. */
  #openAgain(server: Server, replica: Replica): void {
    const isCurrent = () => this.#pools.get(poolKey(server))?.replicas.includes(replica) === true
    const isWanted = () => !this.#closed && this.#isWatched(server.id) && isCurrent()
    if (!isWanted() || this.#reopening.has(replica)) return
    const reopen = () => {
      this.#reopening.delete(replica)
      if (!isWanted()) return
      const signal = AbortSignal.timeout(server.timeouts.connect)
      replica.use(signal, async () => undefined, true).catch(() => this.#openAgain(server, replica))
    }
    this.#reopening.set(replica, setTimeout(reopen, Math.max(LEAST_REST, replica.rest)))
  }

  #isWatched(serverId: string): boolean {
    return (this.#watched.get(serverId)?.size ?? 0) > 0
  }

  async discover(server: Server, signal: AbortSignal): Promise<Discovery> {
    return this.#ask(server, this.#choose(this.#pool(server)), signal, link => link.discover(signal))
  }

  async probe(server: Server, signal: AbortSignal): Promise<number> {
    const { clock } = this.#parts
    const started = clock.monotonic()
    const results = await Promise.allSettled(
      this.#pool(server).replicas.map(async replica => {
        try {
          await this.#ask(server, replica, signal, link => link.probe(signal), true)
          replica.report(false)
        } catch (error) {
          replica.report(true)
          await replica.drop()
          throw error
        }
      }),
    )
    const failed = results.filter(result => result.status === 'rejected')
    if (failed.length === results.length) throw failed[0]!.reason
    return clock.monotonic() - started
  }

  async #ask<T>(
    server: Server,
    replica: Replica,
    signal: AbortSignal,
    work: (link: Link) => Promise<T>,
    isProbe = false,
  ): Promise<T> {
    try {
      return await replica.use(signal, work, isProbe)
    } catch (error) {
      if (isFault(error) || !signal.aborted) throw error
      const timeout = formatDuration(server.timeouts.connect + server.timeouts.read)
      throw fault('UPSTREAM_TIMEOUT', { server: server.name, timeout }, { cause: error })
    }
  }

  wake(serverId: string): void {
    for (const [key, { replicas }] of this.#pools) {
      if (key.startsWith(`${serverId} `)) for (const replica of replicas) replica.wake()
    }
  }

  async forget(serverId: string, keep?: Server): Promise<void> {
    const kept = keep && poolKey(keep)
    if (!keep) this.#watched.delete(serverId)
    const stays = (key: string) => kept !== undefined && (key === kept || key.startsWith(`${kept} `))
    const going = [...this.#pools].filter(([key]) => key.startsWith(`${serverId} `) && !stays(key))
    for (const [key] of going) this.#pools.delete(key)
    await Promise.all(going.map(([, pool]) => closePool(pool, AbortSignal.timeout(DRAIN))))
  }

  /** Closes what nobody used for so many milliseconds, and nobody watches. */
  async closeIdle(after: number): Promise<void> {
    const isWatched = (key: string) => this.#isWatched(key.split(' ')[0]!)
    // What is watched is watched where all go.
    const idle = [...this.#pools].filter(([key, { isOfOneClient }]) => isOfOneClient || !isWatched(key))
    const patience = ({ isOfOneClient }: Pool) => (isOfOneClient ? Math.min(after, LANE_IDLE) : after)
    await Promise.all(idle.flatMap(([, pool]) => pool.replicas.map(replica => replica.closeIfIdle(patience(pool)))))
    // Clients come and go, and few of them say that they go.
    for (const [key, { isOfOneClient, replicas }] of this.#pools) {
      if (isOfOneClient && replicas.every(replica => replica.isUnused)) this.#pools.delete(key)
    }
  }

  /** Closes what was open for a session alone, which has ended. */
  async leave(sessionId: string): Promise<void> {
    const own = [...this.#pools].filter(([key]) => key.endsWith(` ${laneOfSession(sessionId)}`))
    for (const [key] of own) this.#pools.delete(key)
    await Promise.all(own.map(([, pool]) => closePool(pool, AbortSignal.timeout(DRAIN))))
  }

  /** Opens nothing any more; resolves when nothing is left. */
  async close(): Promise<void> {
    this.#closed = true
    for (const timer of this.#reopening.values()) clearTimeout(timer)
    this.#reopening.clear()
    const pools = [...this.#pools.values()]
    this.#pools.clear()
    await Promise.all(pools.map(pool => closePool(pool)))
  }

  /** Open connections of a server, for those who watch. */
  openLinks(serverId: string): number {
    let open = 0
    for (const [key, pool] of this.#pools) {
      if (key.startsWith(`${serverId} `)) open += pool.replicas.filter(replica => replica.isOpen).length
    }
    return open
  }

  /**
   * The least loaded replica that may be used now, one that broke lately only when there is no other; when none may, the
   * one that will say why.
   */
  #choose(pool: Pool): Replica {
    const start = this.#turn++
    let best: Replica | undefined
    for (let index = 0; index < pool.replicas.length; index++) {
      const replica = pool.replicas[(start + index) % pool.replicas.length]!
      if (replica.available && (!best || isBetter(replica, best))) best = replica
    }
    return best ?? pool.replicas[start % pool.replicas.length]!
  }

  /** Whether there is room for connections of this client, for which those of one who is not using them may have to go. */
  #makeRoom(server: Server, lane: Lane): boolean {
    if (this.#pools.has(laneKey(server, lane.client))) return true
    const lanes = [...this.#pools].filter(([key]) => key.startsWith(laneKey(server, '')))
    if (lanes.length < MOST_LANES) return true
    const unused = lanes.find(([, { calls }]) => calls.taken === 0)
    if (!unused) return false
    const [key, pool] = unused
    this.#pools.delete(key)
    void closePool(pool)
    return true
  }

  #pool(server: Server, lane: Lane | null = null): Pool {
    const key = lane === null ? poolKey(server) : laneKey(server, lane.client)
    const known = this.#pools.get(key)
    if (known) return known
    // Whoever asks a server about itself does not know that there will be nobody to end what is begun.
    if (this.#closed) throw fault('SHUTTING_DOWN')
    const connector = this.#parts.connectors.find(each => each.transports.includes(server.connection.transport))
    if (!connector) throw new Error(`no connector for the transport ${server.connection.transport}`)
    const events: LinkEvents = {
      onListChanged: list => this.#parts.onListChanged(server.id, list),
      onResourceUpdated: uri => this.#parts.onResourceUpdated(server.id, uri),
      onLog: line => this.#parts.onLog(server.name, line),
    }
    const endpoints = endpointsOf(server)
    const replicas: readonly Replica[] = endpoints.map(
      (endpoint, replica): Replica =>
        new Replica({
          connector,
          events,
          openings: this.#openings,
          clock: this.#parts.clock,
          onOpened: () => {
            // What is offered, and what is watched, is asked for where all go.
            if (lane !== null) return
            this.#parts.onOpened(server.id)
            void this.#watchAgain(server, replicas[replica]!)
          },
          onBroken: () => {
            if (lane !== null || !this.#isWatched(server.id)) return
            // One that breaks again and again is opened more and more rarely.
            replicas[replica]!.report(true)
            this.#openAgain(server, replicas[replica]!)
          },
          target: async (): Promise<Target> => {
            const authorization = this.#parts.authorization?.(server) ?? null
            return {
              serverId: server.id,
              server: server.name,
              replica,
              ...(lane === null ? { pool: key } : {}),
              connection: server.connection,
              endpoint,
              values: await this.#parts.resolveSecrets(server),
              timeouts: server.timeouts,
              ...(authorization === null ? {} : { authorization }),
              announces: lane?.announces ?? ANNOUNCED,
            }
          },
        }),
    )
    const calls = new Bulkhead(server.maxConcurrent * replicas.length)
    const pool: Pool = { replicas, calls, isOfOneClient: lane !== null }
    this.#pools.set(key, pool)
    return pool
  }
}

function isBetter(a: Replica, b: Replica): boolean {
  return a.suspect === b.suspect ? a.load < b.load : b.suspect
}

/** What some client behind a shared connection can do; roots are of one client, and so never announced for all. */
const ANNOUNCED: JsonObject = { elicitation: { form: {}, url: {} }, sampling: {} }

/** Most clients of one server that have connections for themselves, and the milliseconds after which unused ones are closed. */
const MOST_LANES = 64
const LANE_IDLE = 60_000

/** Milliseconds before what broke is opened again for those who watch. */
const LEAST_REST = 100

/** How long calls under way may go on after their server was changed or removed. */
const DRAIN = 10_000

// A server's settings never change in place, and its key is asked for with every call.
const poolKeys = new WeakMap<Server, string>()

function poolKey(server: Server): string {
  let key = poolKeys.get(server)
  if (key === undefined) poolKeys.set(server, (key = makePoolKey(server)))
  return key
}

/** The key of what a client has for itself, which begins like that of what all have. */
function laneKey(server: Server, client: string): string {
  return `${poolKey(server)} ${client}`
}

/** Settings that lead to the same connections lead to the same pool, so that a new description disturbs nobody. */
function makePoolKey(server: Server): string {
  const { connection, timeouts, maxConcurrent } = server
  // Secrets are references, so a new value alone shows only in the version of the server.
  const secretsMayDiffer = Object.keys(secretsOf(connection)).length > 0
  return `${server.id} ${digestJson({ connection, timeouts, maxConcurrent, version: secretsMayDiffer ? server.version : 0 })}`
}

function endpointsOf({ connection }: Server): readonly string[] {
  if (connection.transport === 'stdio') return Array.from({ length: connection.replicas }, () => '')
  return 'endpoints' in connection && connection.endpoints.length > 0 ? connection.endpoints : ['']
}

async function closePool(pool: Pool, drain?: AbortSignal): Promise<void> {
  await Promise.all(pool.replicas.map(replica => replica.close(drain)))
}

function notSent(why: Fault['message'], retryable: boolean): Extract<Reply, { is: 'broken' }> {
  return { is: 'broken', sent: false, retryable, retryAfter: null, why }
}
