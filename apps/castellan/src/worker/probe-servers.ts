import type { Actor } from '../identity/index.ts'
import { type Clock, newId } from '../kernel/index.ts'
import { nextProbeIn, type Registry, type Server } from '../registry/index.ts'

/** Probes each server when its time has come: at its interval while it is well, with backoff and jitter while it is not. */
export class Probes {
  readonly #registry: Registry
  readonly #clock: Clock
  readonly #isAwake: (server: Server) => boolean
  readonly #onError: (error: unknown) => void
  readonly #due = new Map<string, number>()
  readonly #underWay = new Set<string>()

  /** `isAwake` says whether a server has an open connection: one that sleeps because nobody uses it is left asleep. */
  constructor(
    registry: Registry,
    clock: Clock,
    isAwake: (server: Server) => boolean,
    onError: (error: unknown) => void,
  ) {
    this.#registry = registry
    this.#clock = clock
    this.#isAwake = isAwake
    this.#onError = onError
  }

  /** Starts the probes that are due and does not wait for slow ones. */
  async turn(): Promise<void> {
    const now = this.#clock.monotonic()
    const servers = this.#registry.servers()
    for (const id of this.#due.keys()) if (!servers.some(server => server.id === id)) this.#due.delete(id)
    for (const server of servers) {
      const due = this.#due.get(server.id)
      if (due === undefined) this.#due.set(server.id, now + this.#firstDelay(server))
      else if (due <= now && !this.#underWay.has(server.id)) this.#probe(server).catch(this.#onError)
    }
  }

  async #probe(server: Server): Promise<void> {
    this.#underWay.add(server.id)
    try {
      if (this.#isAsleep(server)) return
      const { status } = await this.#registry.checkHealth(server, system(server))
      if (status === 'active') await this.#registry.refreshStale(server)
    } finally {
      this.#underWay.delete(server.id)
      this.#due.set(server.id, this.#clock.monotonic() + this.#delay(server))
    }
  }

  /** After a start nothing is known of the servers, so they are asked soon, though not all at once. */
  #firstDelay(server: Server): number {
    return this.#registry.health(server.id).status === 'unknown' ? Math.random() * 2_000 : this.#delay(server)
  }

  #delay(server: Server): number {
    return nextProbeIn(this.#registry.health(server.id), server.probeEvery)
  }

  #isAsleep(server: Server): boolean {
    const known = this.#registry.catalog(server.id) !== undefined
    const well = ['active', 'unknown'].includes(this.#registry.health(server.id).status)
    return server.connection.transport === 'stdio' && known && well && !this.#isAwake(server)
  }
}

function system(server: Server): Actor {
  return { tenant: server.tenant, principal: 'system', correlationId: newId() }
}
