import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Clock, fault, type JsonObject, type JsonValue } from '../../../kernel/index.ts'
import type { CatalogChange } from '../../../registry/index.ts'
import type { Core } from '../../core.ts'
import type { Method } from '../asking.ts'
import { type Caller, ownerOf, sameCaller } from '../caller.ts'
import { Heartbeat } from '../wire/heartbeat.ts'
import { resultText, type RequestId } from '../wire/rpc.ts'
import { Session, type SessionParts } from './session.ts'

export interface SessionLimits {
  /** Most sessions at once. */
  readonly max: number
  /** Milliseconds without a request or an open stream after which a session is closed. */
  readonly idle: number
}

/** The sessions of 2025 clients: each belongs to the principal that began it, and ends when nobody uses it. */
export class Sessions {
  readonly #sessions = new Map<string, Session>()
  readonly #limits: SessionLimits
  readonly #clock: Clock
  readonly #parts: SessionParts

  /** `beat` is the milliseconds between signs of life on streams that are silent. */
  constructor(limits: SessionLimits, core: Core, methods: ReadonlyMap<string, Method>, beat: number) {
    this.#limits = limits
    this.#clock = core.clock
    this.#parts = { core, methods, heartbeat: new Heartbeat(beat), clock: core.clock }
  }

  get size(): number {
    return this.#sessions.size
  }

  /**
   * Begins a session with an initialize request. When there are too many, one of whoever has the most is closed, so that
   * nobody crowds out others. Throws `SESSION_LIMIT` when that makes no room.
   */
  begin(caller: Caller, response: ServerResponse, { id, params }: JsonObject): void {
    const { max } = this.#limits
    if (this.#sessions.size >= max) this.#makeRoomFor(ownerOf(caller))
    if (this.#sessions.size >= max) throw fault('SESSION_LIMIT', { limit: max })
    const session = new Session(randomUUID(), caller, this.#parts)
    session.caller = { ...caller, sessionId: session.id }
    this.#sessions.set(session.id, session)
    const body = resultText(id as RequestId, session.initialize(params as JsonObject))
    response
      .writeHead(200, {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        'mcp-session-id': session.id,
      })
      .end(body)
  }

  /** The session of this id, when it is this caller's. */
  find(sessionId: string, caller: Caller): Session | undefined {
    const session = this.#sessions.get(sessionId)
    if (!session || !sameCaller(session.caller, caller)) return undefined
    session.caller = { ...caller, sessionId }
    return session
  }

  /** Goes on with a session. */
  goOn(session: Session, request: IncomingMessage, response: ServerResponse, body: JsonValue | undefined): void {
    session.open++
    response.once('close', () => {
      session.open--
      session.lastUsed = this.#clock.monotonic()
    })
    switch (request.method) {
      case 'POST':
        return session.post(body ?? null, response)
      case 'DELETE':
        this.#end(session)
        return void response.writeHead(200).end()
      default:
        return session.get(request, response)
    }
  }

  /** Tells every session of a tenant which of its lists changed. */
  listChanged(tenant: string, change: CatalogChange): void {
    for (const session of this.#sessions.values()) {
      if (session.caller.identity.tenant === tenant) session.listChanged(change)
    }
  }

  /** Closes sessions unused for so many milliseconds, by default the configured time. */
  closeIdle(idle = this.#limits.idle): void {
    const before = this.#clock.monotonic() - idle
    for (const session of this.#sessions.values()) {
      if (session.open === 0 && session.lastUsed <= before) this.#end(session)
    }
  }

  close(): void {
    for (const session of this.#sessions.values()) this.#end(session)
    this.#parts.heartbeat.stop()
  }

  /** Closes the longest unused session of whoever holds the most, the newcomer included, and more than the newcomer. */
  #makeRoomFor(newcomer: string): void {
    const byOwner = Map.groupBy(this.#sessions.values(), ({ caller }) => ownerOf(caller))
    const own = byOwner.get(newcomer)?.length ?? 0
    const least = Math.max(own, 1)
    const candidates = [...byOwner]
      .filter(([owner, held]) => owner === newcomer || held.length > least)
      .sort(([, a], [, b]) => b.length - a.length)
    for (const [, held] of candidates) {
      const [oldest] = held.filter(({ open }) => open === 0).sort((a, b) => a.lastUsed - b.lastUsed)
      if (oldest) return this.#end(oldest)
    }
  }

  #end(session: Session): void {
    this.#sessions.delete(session.id)
    session.close()
    this.#parts.core.sessionEnded(session.id)
  }
}
