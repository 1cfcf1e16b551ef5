import { randomBytes } from 'node:crypto'
import type { Actor } from '../../identity/index.ts'
import { fault } from '../../kernel/index.ts'
import type { Server } from '../server.ts'
import type { Authorization, AuthorizationStatus } from './authorization.ts'
import type { AuthorizationParts } from './authorization-parts.ts'
import type { PersonsAnswer } from './authorizer.ts'
import { authOf } from './auth-of.ts'
import { ServerAuthorization } from './server-authorization.ts'

/** Milliseconds a person has for an answer. */
const PATIENCE = 10 * 60_000

/**
 * Who may enter servers that want tokens of an authorization server: asks a person once, keeps what came of it sealed, and
 * renews it. All of a server's connections share one authorization, and so do all principals who call its tools.
 */
export class Authorizations {
  readonly #parts: AuthorizationParts
  readonly #known = new Map<string, ServerAuthorization>()
  #sweepAt = SWEEP_EVERY

  constructor(parts: AuthorizationParts) {
    this.#parts = parts
  }

  /** For transports; null for servers that are not set to OAuth. */
  of(server: Server): Authorization | null {
    return authOf(server) === null ? null : this.#of(server)
  }

  /** Reads what is kept of these servers, so that {@link status} knows it from the start. */
  async load(servers: readonly Server[]): Promise<void> {
    await Promise.all(servers.filter(each => authOf(each) !== null).map(each => this.#of(each).load()))
  }

  /** Null for servers that are not set to OAuth. */
  status(server: Server): AuthorizationStatus | null {
    return authOf(server) === null ? null : this.#of(server).status()
  }

  /**
   * Asks for an authorization: whoever opens the URL, and says yes there, lets us in. What was asked before is void.
   * Throws `REQUEST_INVALID` for a server without OAuth, `AUTHORIZATION_FAILED`, `SECRET_UNREADABLE`,
   * `STORE_UNAVAILABLE`.
   */
  async begin(server: Server, actor: Actor): Promise<{ readonly url: string; readonly until: string }> {
    if (authOf(server) === null) {
      throw fault('REQUEST_INVALID', {
        why: `the server "${server.name}" is not set to OAuth; change it with "castellan servers set ${server.name} --oauth"`,
      })
    }
    const state = `${server.id}.${randomBytes(32).toString('base64url')}`
    const until = new Date(this.#parts.clock.now().getTime() + PATIENCE).toISOString()
    return { url: await this.#of(server).begin(state, until, actor), until }
  }

  /**
   * Takes the answer with which an authorization server sent a person back; gives the server it was about.
   * Throws `AUTHORIZATION_UNKNOWN`, `AUTHORIZATION_FAILED`, `STORE_UNAVAILABLE`. A state can be used once, whatever comes of it.
   */
  async finish(state: string, answer: PersonsAnswer): Promise<Server> {
    const server = this.#parts.server(state.split('.')[0]!)
    if (!server || authOf(server) === null) throw fault('AUTHORIZATION_UNKNOWN')
    await this.#of(server).finish(state, answer)
    this.#parts.onChanged(server)
    return server
  }

  /** Forgets tokens, registration and everything else of a server's authorization. Throws `STORE_UNAVAILABLE`. */
  async forget(server: Server, actor: Actor): Promise<void> {
    if (authOf(server) === null) return
    await this.#of(server).forget(actor)
    this.#parts.onChanged(server)
  }

  #of(server: Server): ServerAuthorization {
    const known = this.#known.get(server.id)
    if (known?.isFor(server)) return known
    const fresh = new ServerAuthorization(server, this.#parts)
    if (this.#known.size >= this.#sweepAt) this.#sweep()
    this.#known.set(server.id, fresh)
    return fresh
  }

  /** Servers that were only tried, or were removed, leave one behind; of those that are just being tried none must be lost. */
  #sweep(): void {
    for (const id of this.#known.keys()) if (!this.#parts.server(id)) this.#known.delete(id)
    this.#sweepAt = this.#known.size + SWEEP_EVERY
  }
}

const SWEEP_EVERY = 1_000
