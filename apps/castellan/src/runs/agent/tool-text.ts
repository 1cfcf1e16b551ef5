import { isJsonObject, type JsonValue } from '../../kernel/index.ts'
import { word } from '../word.ts'

/** What a model is told of a tool call: the truth, in words it can act on. */
export function toolText(outcome: string, payload: JsonValue | undefined): { text: string; isError: boolean } {
  const carried = isJsonObject(payload) ? payload : {}
  if (isJsonObject(carried['result'])) {
    const { result } = carried
    return { text: cut(textOf(result)), isError: outcome !== 'ok' || result['isError'] === true }
  }
  const message = typeof carried['message'] === 'string' ? carried['message'] : ''
  if (outcome === 'indeterminate')
    return {
      text: `The outcome is unknown: it may have taken effect or not. Do not repeat it. ${message}`.trim(),
      isError: true,
    }
  return { text: cut(message === '' ? `It ended with: ${outcome}.` : message), isError: outcome !== 'ok' }
}

/** The text of a result of MCP; what is no text is named. */
function textOf(result: { readonly [key: string]: JsonValue }): string {
  const content = Array.isArray(result['content']) ? (result['content'] as readonly JsonValue[]) : []
  const parts = content.map(part => {
    if (!isJsonObject(part)) return JSON.stringify(part)
    if (part['type'] === 'text' && typeof part['text'] === 'string') return part['text']
    if (part['type'] === 'resource' && isJsonObject(part['resource']) && typeof part['resource']['text'] === 'string')
      return part['resource']['text']
    if (part['type'] === 'resource_link') return `[resource ${word(part['uri'])}]`
    return `[${word(part['type'])}${part['mimeType'] === undefined ? '' : ` ${word(part['mimeType'])}`}]`
  })
  if (parts.length > 0) return parts.join('\n')
  return JSON.stringify(result['structuredContent'] ?? result)
}

/** A model that is told so knows that there is more. */
function cut(text: string): string {
  if (text.length <= LONGEST) return text
  return `${text.slice(0, LONGEST).toWellFormed()}\n[${text.length - LONGEST} more characters were left out]`
}

/** Characters of a result that a model is told. */
const LONGEST = 50_000
