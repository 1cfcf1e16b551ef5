import type { GoOn, Return, WentOn } from '../../../gate/index.ts'
import type { JsonObject } from '../../../kernel/index.ts'
import type { Core } from '../../core.ts'
import { rpcError } from '../methods.ts'
import { code, RpcError } from '../wire/rpc.ts'
import { Parking } from './parking.ts'
import type { Passage } from './passage.ts'

/** How far a request got: to its result, or to questions for its client, for whom it waits. */
export type Halt = Extract<WentOn, { is: 'done' | 'asked' }>

/** The calls that wait for their clients: those that were begun here, and by way of other nodes all others. */
export class Waiting {
  readonly #core: Core
  readonly #parking = new Parking()

  constructor(core: Core) {
    this.#core = core
    core.waiting?.welcome((...back) => this.#goOnHere(...back))
  }

  /** Where other nodes find what waits here; null when they cannot. */
  async address(): Promise<string | null> {
    return (await this.#core.waiting?.address()) ?? null
  }

  /** Goes on until there is a result, or something to ask; the first time with what to do. Rejects with what that threw. */
  async advance(passage: Passage, begin?: () => JsonObject | Promise<JsonObject>): Promise<Halt> {
    const stop = await passage.next(begin)
    if (stop.is === 'done') return stop
    const { client } = passage
    const inputRequests = client.questions
    const id = this.#parking.park(passage)
    if (id === null) {
      passage.giveUp()
      throw new RpcError(code.ours, 'Too many calls wait for the answers of their clients; try again later.')
    }
    client.exchange = null
    return { is: 'asked', id, inputRequests }
  }

  /** Goes on with a call whose client is back, wherever it waits; as {@link GoOn}, but throws {@link RpcError} when it does not halt. */
  async goOn(at: string | null, ...back: Parameters<GoOn>): Promise<Halt> {
    const wentOn = await this.#goOn(at, ...back)
    switch (wentOn.is) {
      case 'done':
      case 'asked':
        return wentOn
      case 'error':
        throw new RpcError(wentOn.error.code, wentOn.error.message, wentOn.error.data)
      case 'unknown': {
        const why = 'the call of this requestState no longer waits for an answer'
        throw new RpcError(code.invalidParams, `Invalid params: ${why}. ${LOOK_FIRST}`)
      }
      case 'lost':
        throw new RpcError(
          code.ours,
          `The node on which this call was under way is gone; nobody saw how it ended. ${LOOK_FIRST}`,
        )
      default:
        throw wentOn satisfies never
    }
  }

  close(): void {
    this.#parking.close()
  }

  async #goOn(at: string | null, ...back: Parameters<GoOn>): Promise<WentOn> {
    const here = await this.#goOnHere(...back)
    const { waiting } = this.#core
    if (here.is !== 'unknown' || at === null || waiting === null || at === (await waiting.address())) return here
    return waiting.goOn(at, ...back)
  }

  async #goOnHere({ id, ...back }: Return, say: (text: string) => void, signal: AbortSignal): Promise<WentOn> {
    const passage = this.#parking.leave(id)
    if (!passage) return { is: 'unknown' }
    const giveUp = () => passage.giveUp()
    signal.addEventListener('abort', giveUp, { once: true })
    if (signal.aborted) giveUp()
    try {
      passage.client.comeBack({ say }, back)
      return await this.advance(passage)
    } catch (error) {
      const { code, message, data } = rpcError(this.#core, error)
      return { is: 'error', error: { code, message, data } }
    } finally {
      // What waits again is not given up with the connection on which its client was back.
      signal.removeEventListener('abort', giveUp)
    }
  }
}

/** What whoever asks anew may repeat otherwise. */
const LOOK_FIRST = 'It may have taken effect: see what became of it before you make it again.'
