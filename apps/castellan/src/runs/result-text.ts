import { isJsonObject, type JsonObject, type JsonValue } from '../kernel/index.ts'
import { word } from './word.ts'

/** The text of a result of MCP as a whole, which is what most expressions are about; empty when there is none. */
export function resultText(result: JsonObject): string {
  const content: readonly JsonValue[] = Array.isArray(result['content']) ? result['content'] : []
  return content.flatMap(part => (isJsonObject(part) && part['type'] === 'text' ? [word(part['text'])] : [])).join('\n')
}
