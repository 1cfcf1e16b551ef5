import type { JsonObject } from '../../../kernel/index.ts'
import type { LaterClient } from './later.ts'

/** What became of a request: its result, or questions its client has to answer first. */
export type Stop = { readonly is: 'done'; readonly result: JsonObject } | { readonly is: 'asked' }

/** One request on its way, which may take several exchanges with its client. */
export class Passage {
  /** Whose it is, for fair shares. */
  readonly owner: string
  readonly client: LaterClient
  readonly #controller = new AbortController()
  #running: Promise<JsonObject> | undefined

  constructor(owner: string, client: LaterClient) {
    this.owner = owner
    this.client = client
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  giveUp(): void {
    this.#controller.abort()
  }

  /** Goes on until it is done or its client is asked something; the first time with what to do. Rejects with what that threw. */
  next(begin?: () => JsonObject | Promise<JsonObject>): Promise<Stop> {
    const { promise, resolve, reject } = Promise.withResolvers<Stop>()
    // Questions that come together are asked together.
    this.client.onAsked = () => setImmediate(() => this.client.hasQuestions && resolve({ is: 'asked' }))
    if (begin) this.#running = (async () => begin())()
    this.#running!.then(result => resolve({ is: 'done', result }), reject)
    if (this.client.hasQuestions) this.client.onAsked()
    return promise
  }
}
