import { PassingSet } from '../../../kernel/index.ts'

/** What is shown to be alive at every beat. */
export interface Beating {
  beat(): void
}

/** One timer for everything that must not fall silent: proxies and clients give up connections on which nothing moves. */
export class Heartbeat {
  readonly #members = new PassingSet<Beating>()
  readonly #every: number
  #timer: NodeJS.Timeout | undefined

  /** `every` in milliseconds. */
  constructor(every: number) {
    this.#every = every
  }

  add(member: Beating): void {
    this.#members.add(member)
    this.#timer ??= setInterval(() => {
      for (const each of this.#members.values()) each.beat()
    }, this.#every)
  }

  remove(member: Beating): void {
    this.#members.delete(member)
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#members.clear()
  }
}
