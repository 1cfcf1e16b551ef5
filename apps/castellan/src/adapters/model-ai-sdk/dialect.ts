import { createAnthropic } from '@ai-sdk/anthropic'
import { createOpenAI } from '@ai-sdk/openai'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import type { LanguageModelV4 } from '@ai-sdk/provider'

/** How a provider is spoken to. `compatible` is chat completions as everybody else understands them. */
export type Dialect = 'openai-responses' | 'openai-chat' | 'anthropic' | 'compatible'

export interface Speaking {
  readonly dialect: Dialect
  /** As the provider names it. */
  readonly model: string
  readonly baseUrl: string
  /** Empty for none. */
  readonly key: string
  readonly headers: Readonly<Record<string, string>>
  readonly fetch: typeof globalThis.fetch
}

/** A model of the AI SDK. Everything that it would look for in the environment is given. */
export function languageModel({ dialect, model, baseUrl, key, headers, fetch }: Speaking): LanguageModelV4 {
  const common = { baseURL: baseUrl, apiKey: key, headers: { ...headers }, fetch }
  switch (dialect) {
    case 'openai-responses':
      return createOpenAI(common).responses(model)
    case 'openai-chat':
      return createOpenAI(common).chat(model)
    case 'anthropic':
      return createAnthropic(common)(model)
    case 'compatible':
      return createOpenAICompatible({
        ...common,
        name: 'provider',
        // Without it streams tell nothing of what was used.
        includeUsage: true,
        supportsStructuredOutputs: true,
      })(model)
    default:
      throw dialect satisfies never
  }
}
