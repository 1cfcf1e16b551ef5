import type { CallerClient } from '../../gate/index.ts'
import { PassingMap } from '../../kernel/index.ts'

/** A call that waits for its answer. */
export interface UnderWay {
  /** Id of its request. */
  readonly request: number
  /** Null when nobody is there to be told or asked anything. */
  readonly client: CallerClient | null
  /** Notifications handed on in the present span of time, and when that began. */
  told: number
  since: number
}

export type Whose =
  | { readonly is: 'call'; readonly call: UnderWay }
  | { readonly is: 'nobody' }
  /** It cannot be known which of several clients is meant, and so none of them is. */
  | { readonly is: 'unclear' }

/** The calls under way on one connection, and whose client it is that a server means when it says something meanwhile. */
export class CallsUnderWay {
  readonly #calls = new PassingMap<number, UnderWay>()

  begin(request: number, client: CallerClient | null): void {
    this.#calls.set(request, { request, client, told: 0, since: 0 })
  }

  /** The call that has ended, when it was one. */
  end(request: number): UnderWay | undefined {
    const call = this.#calls.get(request)
    this.#calls.delete(request)
    return call
  }

  /**
   * Whom something belongs to that came on the stream of a request, or, when `request` is null, on the channel of all: then
   * to the one client that has calls under way, and of these to the latest.
   */
  whose(request: number | null): Whose {
    if (request !== null) {
      const call = this.#calls.get(request)
      return call === undefined ? { is: 'nobody' } : { is: 'call', call }
    }
    let latest: UnderWay | undefined
    for (const call of this.#calls.values()) {
      if (latest !== undefined && !isSameClient(latest, call)) return { is: 'unclear' }
      if (latest === undefined || call.request > latest.request) latest = call
    }
    return latest === undefined ? { is: 'nobody' } : { is: 'call', call: latest }
  }

  /** Another call of the same client. */
  besides(ended: UnderWay): UnderWay | undefined {
    for (const call of this.#calls.values()) if (isSameClient(ended, call)) return call
    return undefined
  }
}

/** Callers that cannot be asked cannot be told apart either. */
function isSameClient(a: UnderWay, b: UnderWay): boolean {
  return a.client !== null && b.client !== null && a.client.id === b.client.id
}
