import type { Amounts } from './charges.ts'
import type { Settled } from './hold.ts'
import type { Holding } from './holding.ts'
import { costOfModel, type ModelUsage } from './model-prices.ts'
import type { ModelPrice } from './price.ts'
import type { Cause, Spender } from './spender.ts'

/** A step of a model that somebody wants to pay for. */
export interface ModelWish {
  readonly tenant: string
  readonly by: Spender
  readonly cause: Cause
  /** `provider/model`. */
  readonly model: string
  readonly atMost: ModelUsage
}

/** What is held for a step of a model. */
export class HeldModel {
  readonly is = 'held'
  readonly #holding: Holding
  readonly #price: ModelPrice | null

  constructor(holding: Holding, price: ModelPrice | null) {
    this.#holding = holding
    this.#price = price
  }

  /** Gives everything back: the model was not asked. */
  release(): void {
    this.#holding.release()
  }

  settle(usage: ModelUsage): Settled {
    return this.#holding.settle(amountsOf(this.#price, usage))
  }
}

/** A model is no tool, so it counts as no call, and waits for nothing that counts as time. */
export function amountsOf(price: ModelPrice | null, usage: ModelUsage): Amounts {
  return { calls: 0, time: 0, tokens: usage.input + usage.output, ...costOfModel(price, usage) }
}
