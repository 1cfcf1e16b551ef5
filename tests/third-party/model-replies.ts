import type { MockLanguageModelV4 } from 'ai/test'

type Reply = Awaited<ReturnType<MockLanguageModelV4['doGenerate']>>

const usage = {
  inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 1, text: 1, reasoning: 0 },
}

/** What a model says when it wants a tool to be called. */
export function asksFor(toolName: string, input: Readonly<Record<string, unknown>>): Reply {
  return {
    content: [{ type: 'tool-call', toolCallId: toolName, toolName, input: JSON.stringify(input) }],
    finishReason: { unified: 'tool-calls', raw: undefined },
    usage,
    warnings: [],
  }
}

/** What a model says when it is done. */
export function says(text: string): Reply {
  return {
    content: [{ type: 'text', text }],
    finishReason: { unified: 'stop', raw: undefined },
    usage,
    warnings: [],
  }
}
