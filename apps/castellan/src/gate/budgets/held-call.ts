import type { Charges } from './charges.ts'
import type { Hold, Settled, Spending, Standing } from './hold.ts'
import type { Holding } from './holding.ts'
import { costOf, type Estimate } from './price.ts'

/** What is held for a call, whose price shows when it has ended. */
export class HeldCall implements Hold {
  readonly #holding: Holding
  readonly #estimate: Estimate

  constructor(holding: Holding, estimate: Estimate) {
    this.#holding = holding
    this.#estimate = estimate
  }

  get reserved(): Charges {
    return this.#holding.reserved
  }

  release(): void {
    this.#holding.release()
  }

  settle(spending: Spending): Settled {
    return this.#holding.settle(costOf(this.#estimate, spending))
  }

  refused(): Promise<Standing> {
    return this.#holding.refused()
  }
}
