import type { JsonObject } from '../../../kernel/index.ts'

/** The result of a tool call whose arguments do not fit, in words from which a model can mend them. */
export function refusal(tool: string, why: string): JsonObject {
  return { content: [{ type: 'text', text: `${tool} ${why}.` }], isError: true }
}
