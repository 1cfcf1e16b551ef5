import type { ModelReply, ModelRequest, ModelUsage } from './model.ts'

/** Bytes of UTF-8 in a token: what English prose comes to. Code and other scripts take more tokens than that. */
const BYTES = 4

/** What a step has used, by the lengths of what was said, for a provider that does not count. At least one token each way. */
export function guessUsage(request: ModelRequest, reply: Pick<ModelReply, 'text' | 'calls'>): ModelUsage {
  const { messages, tools, output } = request
  return {
    input: tokensIn(
      messages.map(said).join('\n'),
      tools.length === 0 ? '' : JSON.stringify(tools),
      JSON.stringify(output),
    ),
    output: tokensIn(said({ role: 'assistant', ...reply })),
    cached: 0,
    guessed: true,
  }
}

function said(message: ModelRequest['messages'][number]): string {
  return message.role !== 'assistant' || message.calls.length === 0
    ? message.text
    : `${message.text}${JSON.stringify(message.calls)}`
}

function tokensIn(...texts: readonly string[]): number {
  return Math.max(1, Math.ceil(texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0) / BYTES))
}
