import { isJsonObject, type JsonObject } from '../../kernel/index.ts'
import type { Reply } from '../../gate/index.ts'
import type { Listening } from './listening.ts'
import { unlessAborted } from './unless-aborted.ts'

/** How a server is told which resources are watched. */
export interface Watch {
  begin(uri: string): Promise<Reply>
  end(uri: string): void
}

/** Servers of the legacy revisions are told with a request each. */
export function watchBySubscribing(tell: (method: string, params: JsonObject) => Promise<Reply>): Watch {
  return {
    begin: uri => tell('resources/subscribe', { uri }),
    end: uri => void tell('resources/unsubscribe', { uri }),
  }
}

/** Others by the one stream of news, which is opened anew for each change of the whole. */
export function watchByListening(listening: Listening, uris: () => readonly string[]): Watch {
  return {
    async begin(uri) {
      const honoured = await listening.watch(uris())
      return honoured.includes(uri) ? { is: 'result', result: {} } : notHonoured
    },
    end: () => void listening.watch(uris()),
  }
}

/** The resources that are watched on one connection: each is begun once, however many ask for it, and ended once. */
export class Watching {
  readonly #watch: Watch
  readonly #offered: boolean
  readonly #begun = new Map<string, Promise<Reply>>()

  constructor(watch: Watch, capabilities: JsonObject) {
    this.#watch = watch
    this.#offered = isJsonObject(capabilities.resources) && capabilities.resources.subscribe === true
  }

  get uris(): readonly string[] {
    return [...this.#begun.keys()]
  }

  async watch(uri: string, signal: AbortSignal): Promise<Reply> {
    if (!this.#offered) return notOffered
    if (signal.aborted) return givenUp
    let begun = this.#begun.get(uri)
    if (begun === undefined) {
      const { promise, resolve } = Promise.withResolvers<Reply>()
      begun = promise
      // Known before it is begun, so that what is begun knows of it.
      this.#begun.set(uri, promise)
      resolve(this.#watch.begin(uri))
    }
    const reply = await unlessAborted(signal, begun)
    if (reply === null) return givenUp
    if (reply.is !== 'result' && this.#begun.get(uri) === begun) this.#begun.delete(uri)
    return reply
  }

  unwatch(uri: string): void {
    const begun = this.#begun.get(uri)
    if (begun === undefined) return
    this.#begun.delete(uri)
    // Not before it has begun: what is sent at the same time may arrive in any order.
    void begun.then(() => {
      if (!this.#begun.has(uri)) this.#watch.end(uri)
    })
  }
}

const notOffered: Reply = {
  is: 'error',
  error: { code: -32601, message: 'The server does not tell of changes of its resources.' },
}

const notHonoured: Reply = {
  is: 'error',
  error: { code: -32602, message: 'The server does not tell of changes of this resource.' },
}

const givenUp: Reply = { is: 'broken', sent: true, retryable: false, retryAfter: null, why: 'it was cancelled' }
