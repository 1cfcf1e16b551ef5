import { decimalOf, millionths } from './decimal.ts'
import type { ModelPrice } from './price.ts'

/**
 * What providers ask for a million tokens, in US dollars: input, output, and input from their cache, where they say so.
 * For requests of ordinary length in the standard tier; whoever pays otherwise says so with a price of their own.
 * Sources: the price pages of the providers, as collected at https://github.com/simonw/llm-prices on the date.
 */
export const modelPriceTable = {
  version: 1,
  date: '2026-08-05',
  prices: [
    asked('anthropic/claude-haiku-4-5*', 1, 5),
    asked('anthropic/claude-opus-4-1*', 15, 75),
    asked('anthropic/claude-opus-4-5*', 5, 25),
    asked('anthropic/claude-opus-4-6*', 5, 25),
    asked('anthropic/claude-opus-4-7*', 5, 25),
    asked('anthropic/claude-opus-4-8*', 5, 25),
    asked('anthropic/claude-sonnet-4-5*', 3, 15),
    asked('anthropic/claude-sonnet-5*', 3, 15),
    asked('deepseek/deepseek-v4-flash', 0.14, 0.28, 0.028),
    asked('deepseek/deepseek-v4-pro', 1.74, 3.48, 0.145),
    asked('google/gemini-2.5-flash', 0.3, 2.5, 0.03),
    asked('google/gemini-2.5-flash-lite', 0.1, 0.4, 0.01),
    asked('google/gemini-2.5-pro', 1.25, 10, 0.125),
    asked('google/gemini-3.5-flash', 1.5, 9, 0.15),
    asked('google/gemini-3.5-flash-lite', 0.3, 2.5, 0.03),
    asked('google/gemini-3.6-flash', 1.5, 7.5, 0.15),
    asked('mistral/codestral-latest', 0.3, 0.9),
    asked('mistral/mistral-large-latest', 2, 6),
    asked('mistral/mistral-small-latest', 0.1, 0.3),
    asked('openai/gpt-4.1', 2, 8, 0.5),
    asked('openai/gpt-4.1-mini', 0.4, 1.6, 0.1),
    asked('openai/gpt-4.1-nano', 0.1, 0.4, 0.025),
    asked('openai/gpt-4o', 2.5, 10, 1.25),
    asked('openai/gpt-4o-mini', 0.15, 0.6, 0.075),
    asked('openai/gpt-5', 1.25, 10, 0.125),
    asked('openai/gpt-5-mini', 0.25, 2, 0.025),
    asked('openai/gpt-5-nano', 0.05, 0.4, 0.005),
    asked('openai/gpt-5.1', 1.25, 10, 0.125),
    asked('openai/gpt-5.2', 1.75, 14, 0.175),
    asked('openai/gpt-5.4', 2.5, 15, 0.25),
    asked('openai/gpt-5.4-mini', 0.75, 4.5, 0.075),
    asked('openai/gpt-5.4-nano', 0.2, 1.25, 0.02),
    asked('openai/gpt-5.5', 5, 30, 0.5),
    asked('openai/gpt-5.6-luna', 0.2, 1.2, 0.02),
    asked('openai/gpt-5.6-sol', 5, 30, 0.5),
    asked('openai/gpt-5.6-terra', 2, 12, 0.2),
    asked('openai/o4-mini', 1.1, 4.4, 0.275),
    asked('xai/grok-4.3', 1.25, 2.5, 0.2),
    asked('xai/grok-4.5', 2, 6, 0.3),
    asked('xai/grok-code-fast-1', 0.2, 1.5, 0.02),
  ],
} as const satisfies { readonly version: number; readonly date: string; readonly prices: readonly ModelPrice[] }

function asked(model: string, input: number, output: number, cached: number | null = null): ModelPrice {
  const exact = (amount: number) => millionths(decimalOf(amount)!)
  return {
    is: 'model',
    model,
    input: exact(input),
    output: exact(output),
    cached: cached === null ? null : exact(cached),
  }
}
