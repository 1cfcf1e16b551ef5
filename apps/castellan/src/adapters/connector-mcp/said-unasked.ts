import type { JsonObject } from '../../kernel/index.ts'
import type { LinkEvents } from '../../gate/index.ts'
import { CallsUnderWay, type UnderWay } from './calls-under-way.ts'
import { wantsToHear } from './log-level.ts'
import { Questions } from './questions.ts'
import type { Transport } from './transport.ts'
import { Wire, type WireEvents } from './wire.ts'

/** Notifications handed on to the client of one call in so many milliseconds; those beyond are dropped. */
const MOST_TOLD = 200
const SPAN = 100

/** Hears what a server says that is no answer: news for everybody, and what is meant for the client of one call. */
export class SaidUnasked implements WireEvents {
  readonly wire: Wire
  readonly questions: Questions
  readonly #calls = new CallsUnderWay()
  readonly #events: LinkEvents
  readonly #strays = new Set<string>()

  constructor(transport: Transport, events: LinkEvents) {
    this.wire = new Wire(transport, this)
    this.#events = events
    this.questions = new Questions(this.wire, this.#calls, line => this.stray(line))
  }

  begun(...[request, client]: Parameters<WireEvents['begun']>): void {
    this.#calls.begin(request, client)
  }

  over(request: number): void {
    const call = this.#calls.end(request)
    if (call !== undefined) this.questions.over(call)
  }

  asked(method: string, params: JsonObject, id: string | number, request: number | null): void {
    if (this.wire.era === 'modern') {
      this.stray('it sent a request, which its revision does not have')
      this.wire.answer(id, { error: { code: -32601, message: 'Servers of this revision ask by their results.' } })
    } else if (method === 'ping') this.wire.answer(id, { result: {} })
    else this.questions.asked(method, params, id, request)
  }

  notified(method: string, params: JsonObject, request: number | null): void {
    const { onListChanged, onResourceUpdated } = this.#events
    switch (method) {
      case 'notifications/tools/list_changed':
        return onListChanged('tools')
      case 'notifications/resources/list_changed':
        return onListChanged('resources')
      case 'notifications/prompts/list_changed':
        return onListChanged('prompts')
      case 'notifications/resources/updated':
        if (typeof params.uri === 'string') onResourceUpdated?.(params.uri)
        return
      case 'notifications/cancelled':
        if (!this.questions.withdrawn(params.requestId)) this.wire.endedByServer(params.requestId)
        return
      case 'notifications/elicitation/complete':
        return this.questions.completed(method, params)
      case 'notifications/message':
        this.#log(params)
        return this.#handOn(method, params, request)
      default:
        return this.#handOn(method, params, request)
    }
  }

  /** A server that floods us with the same nonsense is reported once. */
  stray(what: string): void {
    if (this.#strays.has(what) || this.#strays.size >= 100) return
    this.#strays.add(what)
    this.#events.onLog?.(what)
  }

  #handOn(method: string, params: JsonObject, request: number | null): void {
    const whose = this.#calls.whose(request)
    if (whose.is !== 'call' || whose.call.client === null) return
    const { client } = whose.call
    if (method === 'notifications/message' && !wantsToHear(client, params.level)) return
    if (mayBeTold(whose.call)) client.notify(method, params)
    else this.stray('it floods the client of a call with notifications')
  }

  /** Only who spoke and how loud: what was said may hold arguments and results. */
  #log(params: JsonObject): void {
    const level = typeof params.level === 'string' ? params.level.slice(0, 20) : 'info'
    const logger = typeof params.logger === 'string' ? params.logger.slice(0, 80) : 'server'
    this.#events.onLog?.(`${level}: ${logger}`)
  }
}

function mayBeTold(call: UnderWay): boolean {
  const now = performance.now()
  if (now - call.since >= SPAN) {
    call.since = now
    call.told = 0
  }
  return call.told++ < MOST_TOLD
}
