import type { LanguageModelV4CallOptions, LanguageModelV4Message } from '@ai-sdk/provider'
import { isJsonObject, type JsonValue } from '../../kernel/index.ts'
import type { Message, ModelRequest } from '../../runs/index.ts'

/** A step in the words of the AI SDK. */
export function callOptions(request: ModelRequest, signal: AbortSignal): LanguageModelV4CallOptions {
  const { messages, tools, toolChoice, output, temperature, maxTokens } = request
  return {
    prompt: promptOf(messages),
    ...(tools.length === 0
      ? {}
      : {
          tools: tools.map(({ name, description, schema }) => ({
            type: 'function' as const,
            name,
            description,
            inputSchema: schema as object,
            // Schemas of tools are their servers', and few keep to what OpenAI's strict mode allows; unsaid, it is on for responses.
            strict: false,
          })),
          toolChoice: { type: toolChoice },
        }),
    ...(output === null ? {} : { responseFormat: { type: 'json' as const, schema: output as object, name: 'answer' } }),
    ...(temperature === null ? {} : { temperature }),
    ...(maxTokens === null ? {} : { maxOutputTokens: maxTokens }),
    // The history is ours to keep, and all of it is sent each time: nothing need be stored at OpenAI.
    providerOptions: {
      openai: { store: false, strictJsonSchema: false },
      openaiCompatible: { strictJsonSchema: false },
    },
    abortSignal: signal,
  }
}

function promptOf(messages: readonly Message[]): LanguageModelV4Message[] {
  const prompt: LanguageModelV4Message[] = []
  for (const message of messages) {
    switch (message.role) {
      case 'system':
        // Anthropic and most templates of open models take it at the beginning only.
        if (prompt.every(({ role }) => role === 'system')) prompt.push({ role: 'system', content: message.text })
        else prompt.push({ role: 'user', content: [{ type: 'text', text: message.text }] })
        break
      case 'user':
        prompt.push({ role: 'user', content: [{ type: 'text', text: message.text }] })
        break
      case 'assistant':
        // Some refuse an empty text, and all of them a message without anything in it.
        if (message.text === '' && message.calls.length === 0) break
        prompt.push({
          role: 'assistant',
          content: [
            ...(message.text === '' ? [] : [{ type: 'text' as const, text: message.text }]),
            ...message.calls.map(({ id, tool, args }) => ({
              type: 'tool-call' as const,
              toolCallId: id,
              toolName: fit(tool),
              input: asObject(args),
            })),
          ],
        })
        break
      case 'tool':
        prompt.push({
          role: 'tool',
          content: [
            {
              type: 'tool-result',
              toolCallId: message.call,
              toolName: fit(message.tool),
              output: { type: message.isError ? 'error-text' : 'text', value: message.text },
            },
          ],
        })
        break
      default:
        throw message satisfies never
    }
  }
  return prompt
}

/** A model may have made up a name, and providers refuse to read back what they said themselves. */
function fit(tool: string): string {
  return tool.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, 64) || '_'
}

/** Providers read back arguments as an object only; a model that gave something else sees what it gave. */
function asObject(args: JsonValue): JsonValue {
  return isJsonObject(args) ? args : { not_an_object: args }
}
