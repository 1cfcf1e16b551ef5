import { isJsonObject, type JsonObject } from '../../../kernel/index.ts'
import type { FoundTool, Offer, ToolQuery } from '../../../registry/index.ts'
import { CALL_TOOL, LONGEST_QUERY, MOST_FINDS, SEARCH_TOOLS, USUAL_FINDS } from './meta-tools.ts'
import { refusal } from './refusal.ts'
import { signatureOf } from './signature.ts'

/** Characters of definitions in one answer; the best tool is answered whole in any case. */
const MOST_CHARACTERS = 60_000

/**
 * What `search_tools` answers, as the result of a tool call: definitions for programs, a line for each for models that only
 * read text. Arguments that do not fit are answered with a result that says what would. `find` looks among the tools that the
 * caller may see on the endpoint it asked.
 */
export async function searchTools(
  args: JsonObject | undefined,
  find: (query: ToolQuery) => Promise<readonly FoundTool[]>,
): Promise<JsonObject> {
  const { query, limit = USUAL_FINDS, ...others } = args ?? {}
  const strange = Object.keys(others)
  if (strange.length > 0) return refusal(SEARCH_TOOLS, 'takes nothing but "query" and "limit"')
  if (typeof query !== 'string' || query.trim() === '' || query.length > LONGEST_QUERY) {
    return refusal(SEARCH_TOOLS, `needs a "query" of 1 to ${LONGEST_QUERY} characters, such as "create issue"`)
  }
  if (typeof limit !== 'number' || !Number.isInteger(limit) || limit < 1 || limit > MOST_FINDS) {
    return refusal(SEARCH_TOOLS, `takes a "limit" from 1 to ${MOST_FINDS}, ${USUAL_FINDS} when it is left out`)
  }
  const found = (await find({ words: query, limit })).map(({ offer }) => definitionOf(offer))
  const tools = asManyAsFit(found)
  return { content: [{ type: 'text', text: inWords(tools, found.length) }], structuredContent: { tools } }
}

interface FoundDefinition extends JsonObject {
  readonly name: string
  readonly description: string
  readonly inputSchema: JsonObject
}

/** What is needed to call a tool and to take its answer; the rest of a definition is for those who list. */
function definitionOf({ exposed, definition }: Offer): FoundDefinition {
  const { description, inputSchema, outputSchema, annotations } = definition
  return {
    name: exposed,
    description: typeof description === 'string' ? description : '',
    inputSchema: isJsonObject(inputSchema) ? inputSchema : { type: 'object' },
    ...(isJsonObject(outputSchema) ? { outputSchema } : {}),
    ...(isJsonObject(annotations) ? { annotations } : {}),
  }
}

function asManyAsFit(found: readonly FoundDefinition[]): readonly FoundDefinition[] {
  let left = MOST_CHARACTERS
  const tooMany = found.findIndex((definition, at) => {
    left -= JSON.stringify(definition).length
    return at > 0 && left < 0
  })
  return tooMany < 0 ? found : found.slice(0, tooMany)
}

function inWords(tools: readonly FoundDefinition[], found: number): string {
  if (tools.length === 0) return 'No tool fits. Try other words: what it does, or what it works on.'
  const lines = [`The tools that fit best, the best first. Use one with ${CALL_TOOL}.`, ...tools.map(signatureOf)]
  const more = found - tools.length
  if (more > 0) lines.push(`${more} more would make this answer too long; say more closely what you look for.`)
  return lines.join('\n')
}
