import type { JsonObject } from '../../kernel/index.ts'
import type { Draft } from '../../journal/index.ts'
import type { Unit } from './budget.ts'
import type { Charges } from './charges.ts'

/** What is reserved for one call that was let in. It is released or settled, once. */
export interface Hold {
  readonly reserved: Charges
  /** Gives everything back: the call was not begun. */
  release(): void
  /** Turns what was reserved into what was spent. */
  settle(spending: Spending): Settled
  /** Looks at the store again, which knew of more than was known here, and says how things are. For a released hold. */
  refused(): Promise<Standing>
}

/** What became of a hold. */
export interface Settled {
  readonly charges: Charges
  /** What the journal must be told besides. */
  readonly notices: readonly Draft[]
  /** To be called when all of it is in the store: only then is what was not spent there for others, too. */
  written(): void
}

/** What a call used, as far as its end tells. */
export type Spending =
  /** It never reached its server. */
  | { readonly is: 'nothing' }
  /** It may have taken effect. */
  | { readonly is: 'unknown'; readonly milliseconds: number }
  /** The server wants more input first; the same call comes again with it and is paid then. */
  | { readonly is: 'begun'; readonly milliseconds: number }
  | { readonly is: 'used'; readonly milliseconds: number; readonly result: JsonObject | null }

/** How a budget stands that let a call not pass. */
export interface Standing {
  readonly tenant: string
  readonly budget: string
  readonly name: string
  readonly unit: Unit
  /** Spent and reserved. */
  readonly taken: number
  readonly limit: number
  readonly grace: number
  /** RFC 3339; null for a budget that never begins anew. */
  readonly resetsAt: string | null
}
