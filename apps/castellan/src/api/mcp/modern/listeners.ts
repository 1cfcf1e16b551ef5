import type { ServerResponse } from 'node:http'
import { isJsonObject, type JsonObject } from '../../../kernel/index.ts'
import type { CatalogChange } from '../../../registry/index.ts'
import type { Core } from '../../core.ts'
import { type Caller, ownerOf } from '../caller.ts'
import { serverInfo } from '../face.ts'
import { watchResource } from '../watch-resource.ts'
import { EventStream } from '../wire/event-stream.ts'
import type { Beating, Heartbeat } from '../wire/heartbeat.ts'
import { envelopeKeys } from '../wire/revisions.ts'
import { code, errorText, notificationText, type Request, type RequestId, resultText, RpcError } from '../wire/rpc.ts'

const MOST = 10_000
const MOST_OF_ONE = 100
const MOST_RESOURCES = 1_000

/** What a client wants to be told. */
interface Filter {
  readonly toolsListChanged?: true
  readonly promptsListChanged?: true
  readonly resourcesListChanged?: true
  readonly resourceSubscriptions?: readonly string[]
}

/**
 * Streams on which clients of 2026 are told of changes until they close them.
 * Source: MCP 2026-07-28, subscriptions.
 */
export class Listeners {
  readonly #core: Core
  readonly #heartbeat: Heartbeat
  readonly #all = new Set<Listener>()

  constructor(core: Core, heartbeat: Heartbeat) {
    this.#core = core
    this.#heartbeat = heartbeat
  }

  async begin(caller: Caller, { id, params }: Request, response: ServerResponse): Promise<void> {
    const refuse = (error: RpcError) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end(errorText(id, error))
    const wish = filterOf(params.notifications)
    if (wish === null) {
      const why = 'Invalid params: "notifications" must be an object that says what to be told of'
      return void refuse(new RpcError(code.invalidParams, why))
    }
    const owner = ownerOf(caller)
    const own = [...this.#all].filter(each => each.owner === owner).length
    if (this.#all.size >= MOST || own >= MOST_OF_ONE) {
      return void refuse(
        new RpcError(code.ours, `Too many subscriptions are open; ${MOST_OF_ONE} are allowed at once.`),
      )
    }
    const listener: Listener = new Listener(caller, id, response, () => {
      this.#all.delete(listener)
      this.#heartbeat.remove(listener)
    })
    this.#all.add(listener)
    this.#heartbeat.add(listener)
    const filter = await listener.watch(this.#core, wish)
    listener.acknowledge(filter)
    if (Object.keys(filter).length === 0) listener.end(serverInfo(this.#core))
  }

  listChanged(tenant: string, change: CatalogChange): void {
    for (const listener of this.#all) if (listener.tenant === tenant) listener.listChanged(change)
  }

  close(): void {
    for (const listener of this.#all) listener.end(serverInfo(this.#core))
  }
}

class Listener implements Beating {
  readonly owner: string
  readonly tenant: string
  readonly #caller: Caller
  readonly #id: RequestId
  readonly #stream = new EventStream(null)
  readonly #response: ServerResponse
  readonly #unwatch: (() => void)[] = []
  #filter: Filter = {}
  #ended = false

  constructor(caller: Caller, id: RequestId, response: ServerResponse, onEnd: () => void) {
    this.owner = ownerOf(caller)
    this.tenant = caller.identity.tenant
    this.#caller = caller
    this.#id = id
    this.#response = response
    response.once('close', () => {
      this.#ended = true
      for (const stop of this.#unwatch) stop()
      onEnd()
    })
  }

  /** Watches what may be watched, and resolves with what of the wish is granted. */
  async watch(core: Core, wish: Filter): Promise<Filter> {
    const { resourceSubscriptions: uris, ...lists } = wish
    const watched: string[] = []
    for (const uri of uris ?? []) {
      const stop = await watchResource(core, this.#caller, uri, () =>
        this.#tell('notifications/resources/updated', { uri }),
      )
      if (stop === null) continue
      if (this.#ended) stop()
      else this.#unwatch.push(stop)
      watched.push(uri)
    }
    return watched.length > 0 ? { ...lists, resourceSubscriptions: watched } : lists
  }

  acknowledge(filter: Filter): void {
    if (this.#ended) return
    this.#filter = filter
    this.#stream.attach(this.#response, {})
    this.#tell('notifications/subscriptions/acknowledged', { notifications: { ...filter } })
  }

  listChanged(change: CatalogChange): void {
    const { toolsListChanged, resourcesListChanged, promptsListChanged } = this.#filter
    if (change.tools && toolsListChanged) this.#tell('notifications/tools/list_changed', {})
    if (change.resources && resourcesListChanged) this.#tell('notifications/resources/list_changed', {})
    if (change.prompts && promptsListChanged) this.#tell('notifications/prompts/list_changed', {})
  }

  end(about: JsonObject): void {
    if (!this.#response.headersSent) this.#stream.attach(this.#response, {})
    const _meta = { [envelopeKeys.subscription]: this.#id, [envelopeKeys.serverInfo]: about }
    this.#stream.send(resultText(this.#id, { resultType: 'complete', _meta }))
    this.#stream.end()
  }

  beat(): void {
    this.#stream.beat()
  }

  #tell(method: string, params: JsonObject): void {
    this.#stream.send(notificationText(method, { ...params, _meta: { [envelopeKeys.subscription]: this.#id } }))
  }
}

function filterOf(wish: unknown): Filter | null {
  if (!isJsonObject(wish)) return null
  const { toolsListChanged, promptsListChanged, resourcesListChanged, resourceSubscriptions: uris = [] } = wish
  if (!Array.isArray(uris) || uris.length > MOST_RESOURCES || !uris.every(uri => typeof uri === 'string')) return null
  return {
    ...(toolsListChanged === true ? { toolsListChanged } : {}),
    ...(promptsListChanged === true ? { promptsListChanged } : {}),
    ...(resourcesListChanged === true ? { resourcesListChanged } : {}),
    ...(uris.length > 0 ? { resourceSubscriptions: [...new Set(uris)] } : {}),
  }
}
