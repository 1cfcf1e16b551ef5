import type { Clock } from '../../kernel/index.ts'

/** Milliseconds in which the refusal of a renewed token means that the renewal was worth nothing. */
const FRESH = 10_000
/** Renewals in a row that may be worth nothing, and those of them that follow each other at once. */
const MOST = 3
const AT_ONCE = 2

/**
 * Whether renewing a refused token makes sense. That one fresh token is refused says little: the clock of the server may be
 * behind that of the one who issues tokens. That all are says that renewing would go on for ever.
 */
export class Renewals {
  readonly #clock: Clock
  #renewedAt = Number.NEGATIVE_INFINITY
  /** The last token that was refused, and how many in a row were refused while fresh. */
  #refused = { token: '', fresh: 0 }

  constructor(clock: Clock) {
    this.#clock = clock
  }

  renewed(): void {
    this.#renewedAt = this.#clock.monotonic()
  }

  /** What to do about a token that was refused. */
  adviceOn(token: string): 'renew' | 'wait' | 'giveUp' {
    const isFresh = this.#clock.monotonic() - this.#renewedAt < FRESH
    if (this.#refused.token !== token) this.#refused = { token, fresh: isFresh ? this.#refused.fresh + 1 : 0 }
    const { fresh } = this.#refused
    if (fresh >= MOST) return 'giveUp'
    return isFresh && fresh >= AT_ONCE ? 'wait' : 'renew'
  }
}
