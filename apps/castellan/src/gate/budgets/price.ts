import { isJsonObject, type JsonObject, type JsonValue } from '../../kernel/index.ts'
import type { Amounts } from './charges.ts'
import { decimalOf, millionths } from './decimal.ts'
import type { Spending } from './hold.ts'

/** What calls of some tools cost. Money in millionths of the currency. */
export interface ToolPrice {
  readonly is: 'tool'
  /** Pattern over `server/name`. */
  readonly tools: string
  readonly perCall: number
  /** Money for each 1 of an argument, which is a name or a JSON Pointer (RFC 6901). */
  readonly perArgument: readonly { readonly argument: string; readonly rate: number }[]
  /** Money for each 1,024 bytes of the result, begun ones counted whole. */
  readonly perKb: number
  readonly tokensPerCall: number
  readonly tokensPerKb: number
  /** How large a result to reserve for. */
  readonly mostKb: number
}

/** What the tokens of a model cost, for each million, in millionths of the currency. */
export interface ModelPrice {
  readonly is: 'model'
  /** Pattern over `provider/model`. */
  readonly model: string
  readonly input: number
  readonly output: number
  /** Input that the provider had in its cache; null when it costs like any other. */
  readonly cached: number | null
}

export type Price = (ToolPrice | ModelPrice) & {
  readonly id: string
  readonly tenant: string
  /** Unique in its tenant. */
  readonly name: string
  readonly version: number
}

/** What a call costs at the most, as far as that is known before it runs. */
export interface Estimate {
  readonly amounts: Amounts
  /** The part of it that is owed whatever comes back. */
  readonly atLeast: Pick<Amounts, 'money' | 'tokens'>
  readonly price: ToolPrice | null
}

/** The estimate for a call that may take so many milliseconds. */
export function estimateOf(price: ToolPrice | null, args: JsonObject, time: number): Estimate {
  if (price === null) {
    return { amounts: { calls: 1, money: 0, time, tokens: 0, unpriced: 1 }, atLeast: nothing, price }
  }
  let money = price.perCall
  let unpriced = 0
  for (const { argument, rate } of price.perArgument) {
    const value = decimalOf(valueAt(args, argument))
    // What is missing, below zero or no number has no price: it is counted as such, and never makes a call cheaper.
    if (value === null) unpriced = 1
    else money = sum(money, millionths(value, decimalOf(rate)!))
  }
  const tokens = price.tokensPerCall
  return {
    amounts: {
      calls: 1,
      money: sum(money, price.perKb * price.mostKb),
      time,
      tokens: sum(tokens, price.tokensPerKb * price.mostKb),
      unpriced,
    },
    atLeast: { money, tokens },
    price,
  }
}

/** What a call cost, now that it has ended. */
export function costOf({ amounts, atLeast, price }: Estimate, spending: Spending): Amounts {
  switch (spending.is) {
    case 'nothing':
      return { calls: 0, money: 0, time: 0, tokens: 0, unpriced: 0 }
    case 'unknown':
      return { ...amounts, time: Math.max(amounts.time, Math.ceil(spending.milliseconds)) }
    case 'begun':
      return { calls: 1, money: 0, time: Math.ceil(spending.milliseconds), tokens: 0, unpriced: 0 }
    case 'used': {
      const kb = price === null || spending.result === null ? 0 : kilobytes(price, spending.result)
      return {
        calls: 1,
        money: sum(atLeast.money, kb * (price?.perKb ?? 0)),
        time: Math.ceil(spending.milliseconds),
        tokens: sum(atLeast.tokens, kb * (price?.tokensPerKb ?? 0)),
        unpriced: amounts.unpriced,
      }
    }
    default:
      throw spending satisfies never
  }
}

const nothing = { money: 0, tokens: 0 } as const

/** Nobody weighs what has no price by weight. */
function kilobytes({ perKb, tokensPerKb }: ToolPrice, result: JsonObject): number {
  return perKb === 0 && tokensPerKb === 0 ? 0 : Math.ceil(Buffer.byteLength(JSON.stringify(result)) / 1_024)
}

function sum(a: number, b: number): number {
  return Math.min(a + b, Number.MAX_SAFE_INTEGER)
}

function valueAt(args: JsonObject, argument: string): JsonValue | undefined {
  const path = argument.startsWith('/') ? argument.slice(1).split('/').map(unescaped) : [argument]
  let value: JsonValue | undefined = args
  for (const name of path) {
    if (Array.isArray(value))
      value = /^\d{1,6}$/.test(name) ? (value[Number(name)] as JsonValue | undefined) : undefined
    else value = isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined
  }
  return value
}

function unescaped(part: string): string {
  return part.replaceAll('~1', '/').replaceAll('~0', '~')
}
