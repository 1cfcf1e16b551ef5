import { type JsonValue, MAX_DEPTH } from '../../kernel/index.ts'

/** What can be said of a schema without understanding it. */
export interface SchemaSurvey {
  /** Characters, about as many as its JSON text has. */
  readonly size: number
  /** Refers to nothing: apart from its patterns and formats, a check takes time in proportion to schema and value. */
  readonly plain: boolean
  readonly formats: boolean
}

/** Characters of the largest schema that is compiled. */
export const MAX_SCHEMA = 512 * 1024

/** Throws an Error that says what is the matter with a schema that is too large, too deep or refers to something absurd. */
export function surveySchema(schema: JsonValue): SchemaSurvey {
  let size = 0
  let plain = true
  let formats = false

  function visit(value: JsonValue, depth: number): void {
    if (depth > MAX_DEPTH) throw new Error(`it is nested deeper than ${MAX_DEPTH} levels`)
    size += typeof value === 'string' ? value.length + 2 : 2
    if (size > MAX_SCHEMA) throw new Error(`it is longer than ${MAX_SCHEMA} characters`)
    if (typeof value !== 'object' || value === null) return
    for (const [key, child] of Object.entries<JsonValue>(value)) {
      if (!Array.isArray(value)) {
        size += key.length + 3
        if (references.has(key)) plain = false
        if (key === 'format') formats = true
        // The compiler would find a member of Object.prototype there, and take it for a schema that everything passes.
        if (references.has(key) && typeof child === 'string' && child in Object.prototype) {
          throw new Error(`there is nothing at the reference ${child}`)
        }
      }
      visit(child, depth + 1)
    }
  }

  visit(schema, 0)
  return { size, plain, formats }
}

const references = new Set(['$ref', '$dynamicRef', '$recursiveRef'])
