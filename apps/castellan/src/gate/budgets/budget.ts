/** What a budget counts. Money in millionths of one currency, time in milliseconds of execution; all are whole numbers. */
export const units = ['money', 'tokens', 'calls', 'time'] as const
export type Unit = (typeof units)[number]

/** The times over which a budget counts, in UTC; `total` never begins anew. */
export type Window = 'total' | 'hour' | 'day' | 'month'

/** Whose calls a budget counts: all of the tenant, those of one, or those of each on its own when the id is null. */
export type BudgetScope =
  { readonly is: 'tenant' } | { readonly is: 'principal' | 'agent' | 'run'; readonly id: string | null }

/**
 * What may be spent. No call begins once what is spent and reserved has reached `limit`, and none that could end beyond
 * `limit + grace`: the grace is where calls that began within the limit may end.
 */
export interface Budget {
  readonly id: string
  readonly tenant: string
  /** Unique in its tenant. */
  readonly name: string
  readonly scope: BudgetScope
  readonly unit: Unit
  /** From here on there is a warning, or each call needs the approval of a person; null for neither. */
  readonly soft: number | null
  readonly limit: number
  readonly grace: number
  readonly window: Window
  readonly overSoft: 'warn' | 'approve'
  /** Set from above, by whoever administers the installation: those in the tenant can neither change nor remove it. */
  readonly imposed: boolean
  readonly version: number
}
