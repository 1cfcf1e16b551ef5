import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Clock, isJsonObject, type JsonObject, type JsonValue, PassingMap } from '../../../kernel/index.ts'
import type { CatalogChange } from '../../../registry/index.ts'
import type { Core } from '../../core.ts'
import type { Asking, Method } from '../asking.ts'
import type { Caller } from '../caller.ts'
import { capabilities, instructions, serverInfo } from '../face.ts'
import { paramsProblem } from '../message.ts'
import { rpcError } from '../methods.ts'
import { watchResource } from '../watch-resource.ts'
import { EventLog, eventPlace } from '../wire/event-log.ts'
import { EventStream } from '../wire/event-stream.ts'
import { Exchange } from '../wire/exchange.ts'
import type { Heartbeat } from '../wire/heartbeat.ts'
import { LEGACY } from '../wire/revisions.ts'
import { code, errorText, notificationText, type Request, type RequestId, resultText, RpcError } from '../wire/rpc.ts'
import { Questions } from './questions.ts'
import { SessionClient } from './session-client.ts'
import { sessionMethods } from './session-methods.ts'

const MOST_WATCHED = 1_000

/** What a session needs of the process. */
export interface SessionParts {
  readonly core: Core
  readonly methods: ReadonlyMap<string, Method>
  readonly heartbeat: Heartbeat
  readonly clock: Clock
}

/** One 2025 client: what it said of itself, what it asked and still waits for, and the streams it holds. */
export class Session {
  readonly id: string
  /** Checked anew with each request, since credentials are. */
  caller: Caller
  lastUsed: number
  /** Responses not finished yet: streams included. */
  open = 0
  capabilities: JsonObject = {}
  logLevel: string | null = null
  readonly questions = new Questions()
  readonly #parts: SessionParts
  readonly #underWay = new PassingMap<RequestId, AbortController>()
  #log: EventLog | null = null
  #streams: Map<number, EventStream> | null = null
  #standing: EventStream | null = null
  #watched: Map<string, () => void> | null = null

  constructor(id: string, caller: Caller, parts: SessionParts) {
    this.id = id
    this.caller = caller
    this.#parts = parts
    this.lastUsed = parts.clock.monotonic()
  }

  /** Greets the client; once. */
  initialize({ protocolVersion, capabilities: announced }: JsonObject): JsonObject {
    const version = LEGACY.find(each => each === protocolVersion) ?? LEGACY[0]
    this.capabilities = isJsonObject(announced) ? announced : {}
    // Before, a client did not expect events that carry nothing but their id.
    if (version === '2025-11-25') this.#log = new EventLog(() => this.#parts.clock.monotonic())
    return {
      protocolVersion: version,
      capabilities: { ...capabilities, logging: {} },
      serverInfo: serverInfo(this.#parts.core),
      ...instructions(this.#parts.core, this.caller),
    }
  }

  /** Takes a posted message, or a batch of them, and answers on the response. */
  post(body: JsonValue, response: ServerResponse, headers: Readonly<Record<string, string>> = {}): void {
    const messages = (Array.isArray(body) ? body : [body]) as readonly JsonObject[]
    const requests: Request[] = []
    for (const message of messages) {
      const { id, method } = message
      if (method === undefined) this.questions.answered(message)
      else if (id === undefined) this.#told(method as string, paramsOf(message))
      else requests.push({ id: id as RequestId, method: method as string, params: paramsOf(message) })
    }
    if (requests.length === 0) return void response.writeHead(202, headers).end()
    const exchange = new Exchange(
      response,
      {
        answers: requests.length,
        isBatch: Array.isArray(body),
        openStream: () => this.#openStream(),
        headers,
        heartbeat: this.#parts.heartbeat,
      },
      // Source: MCP 2025-11-25, streamable HTTP: a client that disconnects has not cancelled.
      () => undefined,
    )
    for (const request of requests) void this.#answer(request, exchange)
  }

  /** Opens the stream for what belongs to no request, or takes up a stream that broke. */
  get({ headers }: IncomingMessage, response: ServerResponse): void {
    const lastId = headers['last-event-id']
    const place = typeof lastId === 'string' ? eventPlace(lastId) : null
    const broken = place && this.#streams?.get(place.stream)
    if (broken && place) return broken.attach(response, {}, place.number)
    if (this.#standing?.connected) {
      const text = errorText(null, new RpcError(code.ours, 'Conflict: one stream is allowed for each session'))
      return void response.writeHead(409, { 'content-type': 'application/json' }).end(text)
    }
    this.#endStanding()
    this.#standing = this.#openStream()
    this.#parts.heartbeat.add(this.#standing)
    this.#standing.attach(response, {})
  }

  /** Tells the client what belongs to no request of its; lost while it holds no stream for that. */
  tell(method: string, params: JsonObject = {}): void {
    this.#standing?.send(notificationText(method, params))
  }

  listChanged(change: CatalogChange): void {
    if (change.tools) this.tell('notifications/tools/list_changed')
    if (change.resources) this.tell('notifications/resources/list_changed')
    if (change.prompts) this.tell('notifications/prompts/list_changed')
  }

  /** Ends everything of it. */
  close(): void {
    for (const controller of this.#underWay.values()) controller.abort()
    for (const stop of this.#watched?.values() ?? []) stop()
    this.questions.close()
    this.#endStanding()
    for (const stream of this.#streams?.values() ?? []) stream.end()
  }

  async #answer(request: Request, exchange: Exchange): Promise<void> {
    const { id, method, params } = request
    const { core, methods } = this.#parts
    const controller = new AbortController()
    try {
      if (this.#underWay.has(id)) throw new RpcError(code.invalidRequest, 'Invalid Request: this id is in use already')
      this.#underWay.set(id, controller)
      const shared = methods.get(method)
      const own = sessionMethods.get(method)
      const problem = paramsProblem(method, params)
      if (problem) throw problem
      if (!shared && !own)
        throw new RpcError(code.methodNotFound, `Method not found: ${method.slice(0, 80).toWellFormed()}`)
      const asking = this.#asking(params, exchange, controller.signal)
      const result = await (shared ? shared(params, asking) : own!(this, params))
      exchange.answer(resultText(id, result))
    } catch (error) {
      exchange.answer(errorText(id, rpcError(core, error)))
    } finally {
      if (this.#underWay.get(id) === controller) this.#underWay.delete(id)
    }
  }

  #asking({ _meta: meta }: JsonObject, exchange: Exchange, signal: AbortSignal): Asking {
    const token = isJsonObject(meta) ? meta.progressToken : undefined
    const onProgress =
      token === undefined
        ? null
        : (params: JsonObject) =>
            exchange.say(notificationText('notifications/progress', { ...params, progressToken: token }))
    return { caller: this.caller, legacy: true, signal, client: new SessionClient(this, exchange), onProgress }
  }

  #endStanding(): void {
    if (this.#standing === null) return
    this.#parts.heartbeat.remove(this.#standing)
    this.#standing.end()
  }

  #told(method: string, params: JsonObject): void {
    if (method !== 'notifications/cancelled') return
    this.#underWay.get(params.requestId as RequestId)?.abort()
  }

  #openStream(): EventStream {
    const stream = new EventStream(this.#log)
    if (this.#log === null) return stream
    this.#streams ??= new Map()
    for (const [name, each] of this.#streams) if (each.ended && !this.#log.keeps(name)) this.#streams.delete(name)
    this.#streams.set(stream.name, stream)
    return stream
  }

  async watch(uri: string): Promise<void> {
    this.#watched ??= new Map()
    if (this.#watched.has(uri)) return
    if (this.#watched.size >= MOST_WATCHED) {
      throw new RpcError(
        code.ours,
        `A session may subscribe to ${MOST_WATCHED} resources; unsubscribe from some first.`,
      )
    }
    const changed = () => this.tell('notifications/resources/updated', { uri })
    const stop = await watchResource(this.#parts.core, this.caller, uri, changed)
    if (stop === null) throw new RpcError(code.resourceNotFound, 'Resource not found', { uri })
    // Whoever asked twice at once is told once.
    this.#watched.get(uri)?.()
    this.#watched.set(uri, stop)
  }

  unwatch(uri: string): void {
    this.#watched?.get(uri)?.()
    this.#watched?.delete(uri)
  }
}

function paramsOf({ params }: JsonObject): JsonObject {
  return isJsonObject(params) ? params : {}
}
