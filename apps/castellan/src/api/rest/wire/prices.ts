import type { z } from 'zod'
import type * as Wire from '@castellan/contracts'
import type { ModelPrice, Price, PriceSpec } from '../../../gate/index.ts'
import { countedAmount, shownAmount } from './budgets.ts'

const counted = (amount: number) => countedAmount('money', amount)
const shown = (amount: number) => shownAmount('money', amount)

export function priceSpec(name: string, input: z.output<typeof Wire.priceInput>): PriceSpec {
  if ('model' in input) {
    const { model, input: given, output, cached } = input
    return {
      is: 'model',
      name,
      model,
      input: counted(given),
      output: counted(output),
      cached: cached === null ? null : counted(cached),
    }
  }
  return {
    is: 'tool',
    name,
    tools: input.tools,
    perCall: counted(input.per_call),
    perArgument: input.per_argument,
    perKb: counted(input.per_kb),
    tokensPerCall: input.tokens_per_call,
    tokensPerKb: input.tokens_per_kb,
    mostKb: input.most_kb,
  }
}

export function wirePrice(price: Price): Wire.Price {
  const { id, name, version } = price
  if (price.is === 'model') return { id, name, ...wireModelPrice(price), version }
  return {
    id,
    name,
    tools: price.tools,
    per_call: shown(price.perCall),
    per_argument: price.perArgument.map(({ argument, rate }) => ({ argument, rate })),
    per_kb: shown(price.perKb),
    tokens_per_call: price.tokensPerCall,
    tokens_per_kb: price.tokensPerKb,
    most_kb: price.mostKb,
    version,
  }
}

export function wireModelPrice({ model, input, output, cached }: ModelPrice) {
  return { model, input: shown(input), output: shown(output), cached: cached === null ? null : shown(cached) }
}
