import type { FastifyInstance } from 'fastify'
import { fault, type JsonValue, parseStrict } from '../../kernel/index.ts'

/** Reads bodies as strict JSON, and only those that say they are JSON. A body of no length is no body. */
export function readJsonBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, text, done) => {
    try {
      done(null, text === '' ? undefined : withoutPrototypes(parseStrict(text as string)))
    } catch (error) {
      done(error as Error, undefined)
    }
  })
}

/** Schemas would drop this one name in silence, and what is judged must be all that was sent. */
function withoutPrototypes(value: JsonValue): JsonValue {
  if (typeof value !== 'object' || value === null) return value
  if (Object.hasOwn(value, '__proto__')) {
    throw fault('REQUEST_INVALID', { why: 'no field may be named "__proto__"' })
  }
  for (const part of Object.values(value)) withoutPrototypes(part)
  return value
}
