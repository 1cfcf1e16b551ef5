import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { NodeStreamableHTTPServerTransport } from '@modelcontextprotocol/node'
import type { Server } from '@modelcontextprotocol/server'
import { type Clock, fault } from '../../kernel/index.ts'
import type { CatalogChange } from '../../registry/index.ts'
import { type Caller, sameCaller } from './caller.ts'

export interface SessionLimits {
  /** Most sessions at once. */
  readonly max: number
  /** Milliseconds without a request or an open stream after which a session is closed. */
  readonly idle: number
}

interface Session {
  readonly transport: NodeStreamableHTTPServerTransport
  readonly server: Server
  caller: Caller
  lastUsed: number
  /** Responses not finished yet: streams included. */
  open: number
}

/** The sessions of 2025 clients: each belongs to the principal that began it, and ends when nobody uses it. */
export class Sessions {
  readonly #sessions = new Map<string, Session>()
  readonly #limits: SessionLimits
  readonly #clock: Clock
  readonly #build: (caller: () => Caller) => Server

  constructor(limits: SessionLimits, clock: Clock, build: (caller: () => Caller) => Server) {
    this.#limits = limits
    this.#clock = clock
    this.#build = build
  }

  get size(): number {
    return this.#sessions.size
  }

  /**
   * Begins a session with an initialize request. When there are too many, one of whoever has the most is closed, so that
   * nobody crowds out others. Throws `SESSION_LIMIT` when that makes no room.
   */
  async begin(caller: Caller, request: IncomingMessage, response: ServerResponse, body: unknown): Promise<void> {
    const { max } = this.#limits
    if (this.#sessions.size >= max) this.#makeRoomFor(ownerOf(caller))
    if (this.#sessions.size >= max) throw fault('SESSION_LIMIT', { limit: max })
    const sessionId = randomUUID()
    const transport = new NodeStreamableHTTPServerTransport({ sessionIdGenerator: () => sessionId })
    const session: Session = {
      transport,
      server: this.#build(() => session.caller),
      caller: { ...caller, sessionId },
      lastUsed: this.#clock.monotonic(),
      open: 0,
    }
    transport.onclose = () => this.#sessions.delete(sessionId)
    // Counted before anything is awaited, so that those who begin at the same moment cannot exceed the limit together.
    this.#sessions.set(sessionId, session)
    await session.server.connect(transport)
    await this.#handle(session, request, response, body)
    // An initialize that was refused leaves no session behind.
    if (response.statusCode >= 400) await this.#end(sessionId, session)
  }

  /** Goes on with a session; false when there is none of this id for this caller. */
  async goOn(
    sessionId: string,
    caller: Caller,
    request: IncomingMessage,
    response: ServerResponse,
    body: unknown,
  ): Promise<boolean> {
    const session = this.#sessions.get(sessionId)
    if (!session || !sameCaller(session.caller, caller)) return false
    session.caller = { ...caller, sessionId }
    await this.#handle(session, request, response, body)
    return true
  }

  async #handle(session: Session, request: IncomingMessage, response: ServerResponse, body: unknown): Promise<void> {
    session.open++
    response.once('close', () => {
      session.open--
      session.lastUsed = this.#clock.monotonic()
    })
    await session.transport.handleRequest(request, response, body)
  }

  /** Tells every session of a tenant which of its lists changed. */
  listChanged(tenant: string, change: CatalogChange): void {
    for (const { caller, server } of this.#sessions.values()) {
      if (caller.identity.tenant !== tenant) continue
      const telling = [
        change.tools && server.sendToolListChanged(),
        change.resources && server.sendResourceListChanged(),
        change.prompts && server.sendPromptListChanged(),
      ]
      // A session without an open stream cannot be told; it sees the new lists when it asks.
      for (const told of telling) if (told) told.catch(() => undefined)
    }
  }

  /** Closes sessions unused for so many milliseconds, by default the configured time. */
  async closeIdle(idle = this.#limits.idle): Promise<void> {
    const before = this.#clock.monotonic() - idle
    const going = [...this.#sessions].filter(([, session]) => session.open === 0 && session.lastUsed <= before)
    await Promise.all(going.map(([id, session]) => this.#end(id, session)))
  }

  async close(): Promise<void> {
    await Promise.all([...this.#sessions].map(([id, session]) => this.#end(id, session)))
  }

  /** Closes the longest unused session of whoever holds the most, the newcomer included, and more than the newcomer. */
  #makeRoomFor(newcomer: string): void {
    const byOwner = Map.groupBy(this.#sessions, ([, { caller }]) => ownerOf(caller))
    const own = byOwner.get(newcomer)?.length ?? 0
    const least = Math.max(own, 1)
    const candidates = [...byOwner]
      .filter(([owner, held]) => owner === newcomer || held.length > least)
      .sort(([, a], [, b]) => b.length - a.length)
    for (const [, held] of candidates) {
      const unused = held.filter(([, session]) => session.open === 0)
      const [oldest] = unused.sort(([, a], [, b]) => a.lastUsed - b.lastUsed)
      if (!oldest) continue
      void this.#end(...oldest).catch(() => undefined)
      return
    }
  }

  async #end(id: string, session: Session): Promise<void> {
    this.#sessions.delete(id)
    await session.server.close()
  }
}

function ownerOf({ identity }: Caller): string {
  return `${identity.tenant} ${identity.principal.id}`
}
