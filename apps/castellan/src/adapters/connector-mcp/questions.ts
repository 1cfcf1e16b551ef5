import type { CallerClient, ClientAnswer, UpstreamError } from '../../gate/index.ts'
import { isJsonObject, type JsonObject } from '../../kernel/index.ts'
import type { CallsUnderWay, UnderWay } from './calls-under-way.ts'
import type { Wire } from './wire.ts'

/** Questions a server may have open within one call. */
const MOST_OPEN = 32
/** Elicitations by URL whose end is still to be told, for each connection. */
const MOST_ELICITATIONS = 1_000

interface Question {
  readonly id: string | number
  call: UnderWay
  /** Whether it came on the call's own stream; otherwise it is of any call of the same client. */
  readonly certain: boolean
  readonly withdrawal: AbortController
}

/**
 * What servers of the legacy revisions ask of their client while a call is under way: handed to the client behind that call,
 * and its answer back as it came. What cannot be attributed to one client for certain is refused, never guessed.
 *
 * Source: MCP 2025-11-25, client features.
 */
export class Questions {
  readonly #wire: Wire
  readonly #calls: CallsUnderWay
  readonly #log: (line: string) => void
  readonly #open = new Map<string | number, Question>()
  readonly #elicited = new Map<string, CallerClient>()

  constructor(wire: Wire, calls: CallsUnderWay, log: (line: string) => void) {
    this.#wire = wire
    this.#calls = calls
    this.#log = log
  }

  /** Passes on a question that came on the stream of a request, or on the channel of all when that is null. */
  asked(method: string, params: JsonObject, id: string | number, request: number | null): void {
    const ability = abilities[method]
    if (ability === undefined) return this.#refuse(id, NOT_FOUND, `Clients are not asked ${plain(method)}.`)
    const whose = this.#calls.whose(request)
    if (whose.is === 'unclear') {
      this.#log(`it asked ${method}, and which of several clients it means cannot be known`)
      return this.#refuse(
        id,
        INTERNAL,
        'Calls of several clients are under way on this connection, and which of them is asked cannot be known.',
      )
    }
    if (whose.is === 'nobody') return this.#refuse(id, NOT_FOUND, 'No call is under way, so there is no client to ask.')
    const { call } = whose
    const { client } = call
    if (client === null) return this.#refuse(id, NOT_FOUND, 'The caller of this call cannot be asked anything.')
    if (!isJsonObject(client.capabilities[ability])) {
      return this.#refuse(id, NOT_FOUND, `The client behind this call does not support ${ability}.`)
    }
    if (this.#open.has(id)) return this.#refuse(id, INVALID, 'A question with this id is still open.')
    if (this.#openOf(call).length >= MOST_OPEN) {
      return this.#refuse(id, INTERNAL, `More than ${MOST_OPEN} questions are open within this call.`)
    }
    const question: Question = { id, call, certain: request !== null, withdrawal: new AbortController() }
    this.#open.set(id, question)
    this.#wire.expectSilence(call.request, true)
    if (typeof params.elicitationId === 'string') this.#remember(params.elicitationId, client)
    void client.ask(method, params, question.withdrawal.signal).then(answer => this.#answered(question, answer))
  }

  /** The server takes a question back; whether it was one. */
  withdrawn(id: unknown): boolean {
    const question = typeof id === 'string' || typeof id === 'number' ? this.#open.get(id) : undefined
    if (question === undefined) return false
    this.#close(question)
    question.withdrawal.abort()
    return true
  }

  /** A call is over, and so are its questions, unless they may be of another call of the same client. */
  over(call: UnderWay): void {
    if (this.#open.size === 0) return
    for (const question of this.#openOf(call)) {
      const other = question.certain ? undefined : this.#calls.besides(call)
      if (other !== undefined) {
        question.call = other
        this.#wire.expectSilence(other.request, true)
        continue
      }
      this.#close(question)
      question.withdrawal.abort()
      this.#refuse(question.id, INTERNAL, 'The call this was asked in is over.')
    }
  }

  /** A call was refused until its client has visited some pages; it will want to know when it has. */
  refused({ code, data }: UpstreamError, client: CallerClient | null): void {
    if (code !== URL_ELICITATION_REQUIRED || client === null || !isJsonObject(data)) return
    const { elicitations } = data
    if (!Array.isArray(elicitations)) return
    for (const each of elicitations.slice(0, MOST_OPEN)) {
      if (isJsonObject(each) && typeof each.elicitationId === 'string') this.#remember(each.elicitationId, client)
    }
  }

  /** Tells the client that was asked, and no other, that an elicitation by URL is complete. */
  completed(method: string, params: JsonObject): void {
    const id = params.elicitationId
    if (typeof id !== 'string') return
    this.#elicited.get(id)?.notify(method, params)
    this.#elicited.delete(id)
  }

  #answered(question: Question, answer: ClientAnswer): void {
    if (this.#open.get(question.id) !== question) return
    this.#close(question)
    if (answer.is === 'result') return this.#wire.answer(question.id, { result: answer.result })
    const { code, message, data } = answer.error
    this.#wire.answer(question.id, {
      error: data === undefined ? { code, message } : { code, message, data: data as JsonObject },
    })
  }

  #close(question: Question): void {
    this.#open.delete(question.id)
    if (this.#openOf(question.call).length === 0) this.#wire.expectSilence(question.call.request, false)
  }

  #openOf(call: UnderWay): Question[] {
    return [...this.#open.values()].filter(question => question.call === call)
  }

  #remember(elicitationId: string, client: CallerClient): void {
    this.#elicited.set(elicitationId, client)
    const [oldest] = this.#elicited.keys()
    if (this.#elicited.size > MOST_ELICITATIONS) this.#elicited.delete(oldest!)
  }

  #refuse(id: string | number, code: number, message: string): void {
    this.#wire.answer(id, { error: { code, message } })
  }
}

/** What a client must be able to do to be asked this. */
const abilities: Readonly<Record<string, string>> = {
  'elicitation/create': 'elicitation',
  'sampling/createMessage': 'sampling',
  'roots/list': 'roots',
}

/** JSON-RPC 2.0, section 5.1. */
const INVALID = -32600
const NOT_FOUND = -32601
const INTERNAL = -32603
/** Source: MCP 2025-11-25, elicitation, URL mode. */
const URL_ELICITATION_REQUIRED = -32042

function plain(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ').slice(0, 80)
}
