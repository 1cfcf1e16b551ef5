import type { CallerClient, ClientAnswer } from '../../../gate/index.ts'
import type { JsonObject } from '../../../kernel/index.ts'
import { cannotBeAsked } from '../client-abilities.ts'
import type { Exchange } from '../wire/exchange.ts'
import { notificationText } from '../wire/rpc.ts'
import type { Questions } from './questions.ts'

/** What of a session its clients' calls need. */
interface Home {
  readonly id: string
  readonly capabilities: JsonObject
  readonly logLevel: string | null
  readonly questions: Questions
  /** Says what belongs to no call. */
  tell(method: string, params: JsonObject): void
}

/** The client behind one call of a session: told and asked on the stream of that call. */
export class SessionClient implements CallerClient {
  readonly takesInputRequired = false
  readonly #session: Home
  readonly #exchange: Exchange

  constructor(session: Home, exchange: Exchange) {
    this.#session = session
    this.#exchange = exchange
  }

  get id(): string {
    return this.#session.id
  }

  get capabilities(): JsonObject {
    return this.#session.capabilities
  }

  get logLevel(): string | null {
    return this.#session.logLevel
  }

  notify(method: string, params: JsonObject): void {
    if (this.#exchange.done) this.#session.tell(method, params)
    else this.#exchange.say(notificationText(method, params))
  }

  ask(method: string, params: JsonObject, signal: AbortSignal): Promise<ClientAnswer> {
    const problem = cannotBeAsked(this.capabilities, method, params)
    if (problem) return Promise.resolve({ is: 'error', error: problem })
    return this.#session.questions.ask(method, params, signal, text => this.#exchange.say(text))
  }
}
