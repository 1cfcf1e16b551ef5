import { isJsonObject, type JsonObject } from '../../kernel/index.ts'
import { bounds } from './bounds.ts'
import { Unsupported } from './document-problem.ts'
import { type CompileContext, converted, type Draft } from './draft.ts'
import { isJson } from './read-parameters.ts'

/**
 * The definition with the schema of its results, when every success is described by one and the same object.
 * Throws {@link Unsupported} when it is too large even without.
 */
export function withOutputSchema(definition: JsonObject, draft: Draft, context: CompileContext): JsonObject {
  try {
    const outputSchema = outputSchemaOf(draft, context)
    if (outputSchema !== null) {
      const full = { ...definition, outputSchema }
      if (JSON.stringify(full).length <= bounds.definition) return full
    }
  } catch (error) {
    // It is a promise to clients, not a need: the tool is of use without it.
    if (!(error instanceof Unsupported)) throw error
  }
  if (JSON.stringify(definition).length > bounds.definition) throw new Unsupported('its definition is too large')
  return definition
}

function outputSchemaOf({ operation, operationBase, method }: Draft, context: CompileContext): JsonObject | null {
  if (method === 'HEAD' || !isJsonObject(operation.responses)) return null
  const successes = Object.entries(operation.responses).filter(([status]) => status.startsWith('2'))
  const [status, response] = successes[0] ?? []
  // A client may refuse a result without structured content, so another success with no or other content rules it out.
  if (successes.length !== 1 || (status !== '200' && status !== '201')) return null
  const found = context.documents.follow(response, operationBase, '')
  if (!isJsonObject(found.value) || !isJsonObject(found.value.content)) return null
  const contents = Object.entries(found.value.content)
  const [mediaType, media] = contents[0] ?? []
  if (contents.length !== 1 || mediaType === undefined || !isJson(mediaType) || mediaType.includes('*')) return null
  if (!isJsonObject(media) || media.schema === undefined) return null
  const { schema } = media
  const result = converted(context, 'response', conversion => {
    const root = conversion.convertRoot(schema, found.base)
    return typeof root === 'object' ? root : {}
  })
  return result.type === 'object' ? result : null
}
