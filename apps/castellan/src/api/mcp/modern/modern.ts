import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Return } from '../../../gate/index.ts'
import { digestJson, isJsonObject, type JsonObject } from '../../../kernel/index.ts'
import type { CatalogChange } from '../../../registry/index.ts'
import type { Core } from '../../core.ts'
import type { Asking, Method } from '../asking.ts'
import { type Caller, ownerOf, viewKey } from '../caller.ts'
import { CALL_TOOL } from '../discovery/meta-tools.ts'
import { capabilities, instructions, serverInfo } from '../face.ts'
import { paramsProblem } from '../message.ts'
import { rpcError } from '../methods.ts'
import { paramHeaderProblem } from '../param-headers.ts'
import { RequestStates } from '../request-state.ts'
import { EventStream } from '../wire/event-stream.ts'
import { Exchange } from '../wire/exchange.ts'
import { Heartbeat } from '../wire/heartbeat.ts'
import { envelopeKeys, MODERN } from '../wire/revisions.ts'
import { code, errorText, type Request, resultText, RpcError } from '../wire/rpc.ts'
import { LaterClient, tokenOf } from './later.ts'
import { Listeners } from './listeners.ts'
import { PATIENCE } from './parking.ts'
import { Passage } from './passage.ts'
import { Tasks, TASKS } from './tasks.ts'
import { type Halt, Waiting } from './waiting.ts'

/** How long a client may take to come back with the input a server asked for, milliseconds. */
const INPUT_PATIENCE = 60 * 60_000

/** Serves 2026 clients, who have no session: every request says all there is to say. */
export class Modern {
  readonly #core: Core
  readonly #methods: ReadonlyMap<string, Method>
  readonly #heartbeat: Heartbeat
  readonly #listeners: Listeners
  readonly #waiting: Waiting
  readonly #states: RequestStates
  readonly #tasks: Tasks
  readonly #serverInfo: JsonObject

  constructor(core: Core, methods: ReadonlyMap<string, Method>, beat: number) {
    this.#core = core
    this.#heartbeat = new Heartbeat(beat)
    this.#listeners = new Listeners(core, this.#heartbeat)
    this.#waiting = new Waiting(core)
    this.#states = new RequestStates(core.stateKey, core.clock.now)
    this.#serverInfo = serverInfo(core)
    this.#tasks = new Tasks(core, this.#states)
    this.#methods = new Map<string, Method>([
      ...methods,
      ...this.#tasks.methods,
      ['server/discover', (_, asking) => this.#discover(asking.caller)],
    ])
  }

  async handle(caller: Caller, incoming: IncomingMessage, response: ServerResponse, body: JsonObject): Promise<void> {
    const { id, method } = body as unknown as Request
    // Nothing that a client may tell us without a question matters to a server without sessions.
    if (id === undefined) return void response.writeHead(202).end()
    const request: Request = { id, method, params: isJsonObject(body.params) ? body.params : {} }
    const found = this.#methods.get(method)
    if (method === 'subscriptions/listen') return this.#listeners.begin(caller, request, response)
    if (!found) {
      const error = new RpcError(code.methodNotFound, `Method not found: ${method.slice(0, 80).toWellFormed()}`)
      return answer(response, 404, errorText(id, error))
    }
    const problem = paramsProblem(method, request.params)
    if (problem) return answer(response, 200, errorText(id, problem))
    const mismatch = method === 'tools/call' ? paramHeaderProblem(this.#core, caller, request, incoming.headers) : null
    if (mismatch) return answer(response, 400, errorText(id, mismatch))
    const exchange: Exchange = new Exchange(
      response,
      {
        answers: 1,
        isBatch: false,
        openStream: takesStreams(incoming) ? () => new EventStream(null) : null,
        headers: {},
        heartbeat: this.#heartbeat,
      },
      // Source: MCP 2026-07-28, streamable HTTP: closing the response stream cancels the request.
      () => giveUp(),
    )
    let giveUp = () => {}
    try {
      // Few requests need it, and it costs a digest.
      const binding = () => bindingOf(caller, request)
      const carried = this.#carried(request, binding)
      let result: JsonObject
      if (carried?.is === 'parked') {
        const gone = new AbortController()
        giveUp = () => gone.abort()
        const say = (text: string) => exchange.say(text)
        const halt = await this.#waiting.goOn(carried.at, returnOf(carried.id, request), say, gone.signal)
        result = this.#resultOf(halt, carried.at, caller, request, binding)
      } else {
        const passage = this.#begin(caller, request, exchange)
        giveUp = () => passage.client.exchange === exchange && passage.giveUp()
        const halt = await this.#waiting.advance(passage, () => {
          const { params } = request
          const given = carried?.is === 'server' ? { ...params, requestState: carried.state } : params
          return found(given, this.#asking(caller, passage))
        })
        const at = halt.is === 'asked' ? await this.#waiting.address() : null
        result = this.#resultOf(halt, at, caller, request, binding)
      }
      exchange.answer(resultText(id, this.#stamped(result)))
    } catch (error) {
      const rpc = rpcError(this.#core, error)
      exchange.answer(errorText(id, rpc), rpc.code === code.missingClientCapability ? 400 : 200)
    }
  }

  listChanged(tenant: string, change: CatalogChange): void {
    this.#listeners.listChanged(tenant, change)
  }

  close(): void {
    this.#waiting.close()
    this.#listeners.close()
    this.#heartbeat.stop()
  }

  #begin(caller: Caller, { params }: Request, exchange: Exchange): Passage {
    const meta = isJsonObject(params._meta) ? params._meta : {}
    return new Passage(ownerOf(caller), new LaterClient(meta, exchange))
  }

  #asking(caller: Caller, { client, signal }: Passage): Asking {
    const onProgress = client.progressToken === null ? null : (params: JsonObject) => client.progress(params)
    return { caller, legacy: false, signal, client, onProgress }
  }

  #carried({ params }: Request, binding: () => string) {
    const { requestState } = params
    if (typeof requestState !== 'string') return null
    const carried = this.#states.read(requestState, binding())
    if (carried) return carried
    throw new RpcError(
      code.invalidParams,
      'Invalid params: this requestState was not given for this request, or is too old',
    )
  }

  /** What the client gets: the result, or what it has to answer, with the name and the place of the call that waits for it. */
  #resultOf(halt: Halt, at: string | null, caller: Caller, request: Request, binding: () => string): JsonObject {
    if (halt.is === 'done') return this.#sealed(halt.result, caller, request, binding)
    const { id, inputRequests } = halt
    const requestState = this.#states.write({ is: 'parked', id, at }, binding(), PATIENCE)
    return { resultType: 'input_required', inputRequests, requestState }
  }

  /** What a server wants its client to bring back goes through our hands signed, so that it comes back from this client alone. */
  #sealed(result: JsonObject, caller: Caller, { params }: Request, binding: () => string): JsonObject {
    const { resultType, requestState: state } = result
    if (resultType === 'task') return this.#tasks.ours(result, toolNamed(params), caller)
    if (resultType !== 'input_required' || typeof state !== 'string') return result
    return { ...result, requestState: this.#states.write({ is: 'server', state }, binding(), INPUT_PATIENCE) }
  }

  #stamped(result: JsonObject): JsonObject {
    const { _meta: meta, resultType = 'complete' } = result
    const _meta = { [envelopeKeys.serverInfo]: this.#serverInfo, ...(isJsonObject(meta) ? meta : {}) }
    return { ...result, resultType, _meta }
  }

  #discover(caller: Caller): JsonObject {
    return {
      supportedVersions: [MODERN],
      capabilities: this.#tasks.isOffered(caller) ? { ...capabilities, extensions: { [TASKS]: {} } } : capabilities,
      ...instructions(this.#core, caller),
      ttlMs: 60_000,
      cacheScope: 'private',
    }
  }
}

/** What a client says that is back. */
function returnOf(id: string, { params: { _meta: meta, inputResponses } }: Request): Return {
  const responses = isJsonObject(inputResponses) ? inputResponses : {}
  return { id, responses, progressToken: tokenOf(isJsonObject(meta) ? meta : {}) }
}

/** Who asks what: a state given for one request is worth nothing with another. */
function bindingOf(caller: Caller, { method, params }: Request): string {
  const { name, uri, arguments: args } = params
  return digestJson([ownerOf(caller), viewKey(caller.view), method, name ?? uri ?? null, args ?? {}])
}

/** The tool that is called, also by way of another. */
function toolNamed({ name, arguments: args }: JsonObject): string {
  return (name === CALL_TOOL && isJsonObject(args) ? args.name : name) as string
}

function takesStreams({ headers: { accept } }: IncomingMessage): boolean {
  return accept === undefined || accept.includes('text/event-stream') || accept.includes('*/*')
}

function answer(response: ServerResponse, status: number, body: string): void {
  response
    .writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
    .end(body)
}
