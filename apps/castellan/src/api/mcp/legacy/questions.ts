import type { ClientAnswer } from '../../../gate/index.ts'
import { isJsonObject, type JsonObject } from '../../../kernel/index.ts'

/** Most that one client may be asked at once. */
const MOST = 100
/** How long a client may take to answer, milliseconds. */
const PATIENCE = 10 * 60_000

/** What a client was asked and has not answered yet. */
export class Questions {
  readonly #open = new Map<number, (answer: ClientAnswer) => void>()
  #last = 0

  /**
   * Asks by handing a JSON-RPC request to `say`, which also gets the notification that takes a question back. Settles with the
   * answer, or with an error when none comes. Never rejects.
   */
  ask(method: string, params: JsonObject, signal: AbortSignal, say: (text: string) => void): Promise<ClientAnswer> {
    if (signal.aborted || this.#open.size >= MOST) {
      return Promise.resolve(failure(`The client has ${MOST} questions to answer already.`))
    }
    const { promise, resolve } = Promise.withResolvers<ClientAnswer>()
    const id = ++this.#last
    const settle = (answer: ClientAnswer) => {
      if (!this.#open.delete(id)) return
      clearTimeout(timer)
      signal.removeEventListener('abort', withdraw)
      resolve(answer)
    }
    const takeBack = (why: string) => {
      if (!this.#open.has(id)) return
      say(JSON.stringify({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: id, reason: why } }))
      settle(failure(why))
    }
    const withdraw = () => takeBack('The question was withdrawn.')
    const timer = setTimeout(() => takeBack('The client did not answer in time.'), PATIENCE)
    signal.addEventListener('abort', withdraw, { once: true })
    this.#open.set(id, settle)
    say(JSON.stringify({ jsonrpc: '2.0', id, method, params }))
    return promise
  }

  /** Takes a message that answers; one that answers nothing here is nothing to us. */
  answered({ id, result, error }: JsonObject): void {
    const settle = typeof id === 'number' ? this.#open.get(id) : undefined
    if (!settle) return
    if (isJsonObject(result)) return settle({ is: 'result', result })
    const { code, message, data } = isJsonObject(error) ? error : {}
    if (typeof code !== 'number' || typeof message !== 'string')
      return settle(failure('The client gave no valid answer.'))
    settle({ is: 'error', error: data === undefined ? { code, message } : { code, message, data } })
  }

  close(): void {
    for (const settle of this.#open.values()) settle(failure('The client has ended its session.'))
  }
}

function failure(message: string): ClientAnswer {
  return { is: 'error', error: { code: -32000, message } }
}
