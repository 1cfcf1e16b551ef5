import { type CallerClient, type ClientAnswer, logLevels, type Return } from '../../../gate/index.ts'
import { isJsonObject, type JsonObject, newId } from '../../../kernel/index.ts'
import { cannotBeAsked } from '../client-abilities.ts'
import type { Exchange } from '../wire/exchange.ts'
import { envelopeKeys } from '../wire/revisions.ts'
import { notificationText, type RequestId } from '../wire/rpc.ts'

interface Question {
  readonly method: string
  readonly params: JsonObject
  readonly settle: (answer: ClientAnswer) => void
}

/**
 * The client behind one call of 2026. It cannot be asked while it waits: a question ends its request, and comes back
 * answered with the next one. So it may wait on several exchanges, one after the other.
 */
export class LaterClient implements CallerClient {
  readonly id = newId()
  readonly capabilities: JsonObject
  readonly logLevel: string | null
  readonly takesInputRequired = true
  /** Where it waits now; null between two requests. */
  exchange: Pick<Exchange, 'say'> | null
  progressToken: RequestId | null
  /** Called when there is something to ask. */
  onAsked: () => void = () => undefined
  readonly #questions = new Map<string, Question>()
  #asked = 0

  constructor(meta: JsonObject, exchange: Pick<Exchange, 'say'>) {
    const said = meta[envelopeKeys.capabilities]
    const level = meta[envelopeKeys.logLevel]
    this.capabilities = isJsonObject(said) ? said : {}
    this.logLevel = typeof level === 'string' && logLevels.includes(level) ? level : null
    this.exchange = exchange
    this.progressToken = tokenOf(meta)
  }

  notify(method: string, params: JsonObject): void {
    this.exchange?.say(notificationText(method, params))
  }

  progress(params: JsonObject): void {
    if (this.progressToken !== null)
      this.notify('notifications/progress', { ...params, progressToken: this.progressToken })
  }

  ask(method: string, params: JsonObject, signal: AbortSignal): Promise<ClientAnswer> {
    const problem = cannotBeAsked(this.capabilities, method, params)
    if (problem) return Promise.resolve({ is: 'error', error: problem })
    const { promise, resolve } = Promise.withResolvers<ClientAnswer>()
    const name = `question-${++this.#asked}`
    const settle = (answer: ClientAnswer) => {
      if (!this.#questions.delete(name)) return
      signal.removeEventListener('abort', giveUp)
      resolve(answer)
    }
    const giveUp = () => settle({ is: 'error', error: { code: -32000, message: 'The question was withdrawn.' } })
    this.#questions.set(name, { method, params: withoutHop(params), settle })
    signal.addEventListener('abort', giveUp, { once: true })
    if (signal.aborted) giveUp()
    else this.onAsked()
    return promise
  }

  /** What there is to ask, in the form of `inputRequests`. */
  get questions(): JsonObject {
    return Object.fromEntries([...this.#questions].map(([name, { method, params }]) => [name, { method, params }]))
  }

  get hasQuestions(): boolean {
    return this.#questions.size > 0
  }

  /** Is back, on another exchange, with the answers there are; questions without one stay. */
  comeBack(exchange: Pick<Exchange, 'say'>, { responses, progressToken }: Omit<Return, 'id'>): void {
    this.exchange = exchange
    this.progressToken = progressToken
    for (const [name, { settle }] of this.#questions) {
      const result = responses[name]
      if (isJsonObject(result)) settle({ is: 'result', result })
    }
  }
}

export function tokenOf(meta: JsonObject): RequestId | null {
  const { progressToken: token } = meta
  return typeof token === 'string' || typeof token === 'number' ? token : null
}

/** Tokens for progress and the like are of the connection to the server, and mean nothing to this client. */
function withoutHop({ _meta, ...params }: JsonObject): JsonObject {
  if (!isJsonObject(_meta)) return params
  const { progressToken: _, ...meta } = _meta
  return Object.keys(meta).length === 0 ? params : { ...params, _meta: meta }
}
