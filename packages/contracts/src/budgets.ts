import { z } from 'zod'
import { id, line, pattern } from './common.ts'

/** The most that can be said of money, in units of the currency, so that sums stay exact. */
const MOST = 1_000_000_000

const TOO_FINE = 'must not have more than six digits after the point'

/** An amount of money in units of the currency, exact to a millionth. */
const money = z
  .number()
  .min(0)
  .max(MOST)
  .refine(isExact, TOO_FINE)
  .meta({ examples: [12.5] })

function isExact(amount: number): boolean {
  return Math.round(amount * 1_000_000) / 1_000_000 === amount
}

const count = z.int().min(0).max(1_000_000_000_000)

/** Of a run as callers name it. */
const runId = z.string().regex(/^[\x21-\x7e]{1,128}$/, 'must be 1 to 128 visible ASCII characters')

const someone = z.enum(['principal', 'agent', 'run'])

/** Whose calls count: all of the tenant, those of one, or those of each on its own. */
const scopeById = [
  z.literal('tenant'),
  z.strictObject({ principal: id }),
  z.strictObject({ agent: id }),
  z.strictObject({ run: runId }),
  z.strictObject({ each: someone }),
] as const
const scopeByName = [
  z.literal('tenant'),
  z.strictObject({ principal: line(200) }),
  z.strictObject({ agent: line(200) }),
  z.strictObject({ run: runId }),
  z.strictObject({ each: someone }),
] as const
const allowed =
  'must be "tenant", {"principal": …}, {"agent": …}, {"run": …} or {"each": "principal", "agent" or "run"}'

/** Money in units of the currency, tokens, calls, or time in milliseconds of execution. */
const amount = z.number().min(0).max(1_000_000_000_000)

const budgetFields = z.strictObject({
  to: z.union(scopeById, allowed).default('tenant'),
  unit: z.enum(['money', 'tokens', 'calls', 'time']),
  /** Where the journal warns, or each call needs approval. */
  soft: amount.nullable().default(null),
  /** Once so much is spent and reserved, no call begins. */
  limit: amount,
  /** How far calls that began within the limit may go beyond it. */
  grace: amount.default(0),
  /** In UTC. */
  window: z.enum(['total', 'hour', 'day', 'month']).default('total'),
  /** What a call meets that goes beyond the soft limit. */
  over_soft: z.enum(['warn', 'approve']).default('warn'),
})

type Amounts = Pick<z.output<typeof budgetFields>, 'unit' | 'soft' | 'limit' | 'grace'>

function checkAmounts({ unit, soft, limit, grace }: Amounts, context: z.RefinementCtx): void {
  for (const [name, given] of Object.entries({ soft, limit, grace })) {
    const wrong = given === null ? null : problemOf(unit, given)
    if (wrong !== null) context.addIssue({ code: 'custom', path: [name], message: wrong })
  }
  if (soft !== null && soft > limit) {
    context.addIssue({ code: 'custom', path: ['soft'], message: 'must not be above the limit' })
  }
}

function problemOf(unit: Amounts['unit'], given: number): string | null {
  if (unit !== 'money') return Number.isInteger(given) ? null : `must be a whole number, since it counts ${unit}`
  if (given > MOST) return `must be at most ${MOST}`
  return isExact(given) ? null : TOO_FINE
}

export const budgetInput = budgetFields.superRefine(checkAmounts).meta({ id: 'BudgetWish' })
export type BudgetInput = z.input<typeof budgetInput>

/** As `castellan apply` takes it: principals and agents by name. */
export const budgetDeclared = budgetFields
  .extend({ name: line(64), to: z.union(scopeByName, allowed).default('tenant') })
  .superRefine(checkAmounts)

export const budget = budgetFields
  .extend({
    id,
    name: z.string(),
    /** Set by whoever administers the installation; those in the tenant cannot change it. */
    imposed: z.boolean(),
    version: z.int(),
  })
  .meta({ id: 'Budget' })
export type Budget = z.infer<typeof budget>

/** What one subject spent of a budget in its current window. */
export const budgetAccount = z
  .object({
    /** Id of the principal or run; null for the tenant as a whole. */
    subject: z.string().nullable(),
    spent: z.number(),
    /** Held for calls that are under way. */
    reserved: z.number(),
    /** Calls that count too little, since nobody said what they cost. */
    unpriced: z.int(),
  })
  .meta({ id: 'BudgetAccount' })
export type BudgetAccount = z.infer<typeof budgetAccount>

export const budgetUsage = z
  .object({
    budget,
    /** `total`, or the hour, day or month in UTC. */
    period: z.string(),
    /** When it begins anew; null for never. */
    resets_at: z.string().nullable(),
    items: z.array(budgetAccount),
    next: z.string().nullable(),
  })
  .meta({ id: 'BudgetUsage' })
export type BudgetUsage = z.infer<typeof budgetUsage>

const toolPrice = z.strictObject({
  /** Pattern over `server/name`; the most precise of those that match decides. */
  tools: pattern,
  per_call: money.default(0),
  per_argument: z
    .array(
      z.strictObject({
        /** Name, or JSON Pointer (RFC 6901). */
        argument: line(200),
        /** Money for each 1 of it. */
        rate: z.number().min(0).max(MOST),
      }),
    )
    .max(20)
    .default([]),
  /** Money for each 1,024 bytes of the result. */
  per_kb: money.default(0),
  tokens_per_call: count.default(0),
  tokens_per_kb: count.default(0),
  /** How large a result to reserve for, in units of 1,024 bytes. */
  most_kb: z.int().min(1).max(1_000_000).default(64),
})

const modelPrice = z.strictObject({
  /** Pattern over `provider/model`. */
  model: pattern,
  /** For a million tokens. */
  input: money,
  output: money,
  /** For a million tokens that came from the cache of the provider; null when they cost like any other. */
  cached: money.nullable().default(null),
})

const either =
  'must be the price of tools ("tools" and at least one of the amounts) or of a model ("model", "input", "output")'
const stored = { id, name: z.string(), version: z.int() }

export const priceInput = z.union([toolPrice, modelPrice], either).meta({ id: 'PriceWish' })
export type PriceInput = z.input<typeof priceInput>
export const priceDeclared = z.union(
  [toolPrice.extend({ name: line(64) }), modelPrice.extend({ name: line(64) })],
  either,
)
export const price = z.union([toolPrice.extend(stored), modelPrice.extend(stored)]).meta({ id: 'Price' })
export type Price = z.infer<typeof price>

export const modelPrices = z
  .object({
    /** Of the table that comes with this version. */
    table: z.object({ version: z.int(), date: z.string() }),
    /** What is in force, prices of your own first. */
    items: z.array(modelPrice.extend({ from: z.enum(['table', 'tenant']) })),
  })
  .meta({ id: 'ModelPrices' })
export type ModelPrices = z.infer<typeof modelPrices>

/** The budget of a tenant as whoever administers the installation sets it. */
export const tenantBudgetInput = z
  .strictObject({
    max_budget: amount,
    /** How far calls that began within the budget may go beyond it. */
    grace: amount.default(0),
    soft: amount.nullable().default(null),
    unit: budgetFields.shape.unit.default('money'),
    window: budgetFields.shape.window,
    over_soft: budgetFields.shape.over_soft,
  })
  .superRefine((given, context) => checkAmounts({ ...given, limit: given.max_budget }, context))
  .meta({ id: 'TenantBudgetWish' })
export type TenantBudgetInput = z.input<typeof tenantBudgetInput>

/** How a tenant stands to the budget set for it. */
export const tenantBudget = z
  .object({
    tenant_id: z.string(),
    /** Spent and reserved. */
    current_spend: z.number(),
    max_budget: z.number(),
    /** What is never exceeded: the budget and its grace. */
    grace_threshold: z.number(),
    unit: budgetFields.shape.unit,
    soft: z.number().nullable(),
    window: z.enum(['total', 'hour', 'day', 'month']),
    over_soft: z.enum(['warn', 'approve']),
    spent: z.number(),
    reserved: z.number(),
    unpriced: z.int(),
    resets_at: z.string().nullable(),
  })
  .meta({ id: 'TenantBudget' })
export type TenantBudget = z.infer<typeof tenantBudget>
