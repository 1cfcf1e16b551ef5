import { isJsonObject, type JsonObject, type JsonValue } from '../../../kernel/index.ts'

const LONGEST_DESCRIPTION = 300
const MOST_VALUES = 8

/**
 * A tool in one line, such as `hub__create_issue(repo: string, labels?: string[]): Create a new issue.`: enough to call it,
 * where the whole schema is not at hand.
 */
export function signatureOf({
  name,
  description,
  inputSchema,
}: {
  readonly name: string
  readonly description: string
  readonly inputSchema: JsonObject
}): string {
  const { properties, required } = inputSchema
  const needed = new Set(Array.isArray(required) ? (required as readonly JsonValue[]) : [])
  const parameters = Object.entries(isJsonObject(properties) ? properties : {}).map(
    ([parameter, schema]) => `${parameter}${needed.has(parameter) ? '' : '?'}: ${typeOf(schema)}`,
  )
  return `${name}(${parameters.join(', ')}): ${inOneLine(description)}`
}

function typeOf(schema: JsonValue): string {
  if (!isJsonObject(schema)) return 'any'
  const { type, items, enum: values, const: value } = schema
  if (value !== undefined) return JSON.stringify(value)
  if (Array.isArray(values)) return valuesOf(values as readonly JsonValue[])
  if (type === 'array' && items !== undefined) {
    const item = typeOf(items)
    return item.includes('|') ? `(${item})[]` : `${item}[]`
  }
  const types = [type].flat().filter(each => typeof each === 'string')
  return types.length > 0 ? types.join('|') : 'any'
}

function valuesOf(values: readonly JsonValue[]): string {
  const shown = values.slice(0, MOST_VALUES).map(value => JSON.stringify(value))
  return [...shown, ...(values.length > MOST_VALUES ? ['…'] : [])].join('|')
}

function inOneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim()
  // Cutting may halve a character, and half of one is not valid JSON text.
  return line.length > LONGEST_DESCRIPTION ? `${line.slice(0, LONGEST_DESCRIPTION).toWellFormed()}…` : line
}
