import type { FastifyInstance } from 'fastify'
import { fault, type JsonValue } from '../../kernel/index.ts'
import { readStrictBodies } from '../strict-body.ts'

/** Reads bodies as strict JSON, and only those that say they are JSON. A body of no length is no body. */
export function readJsonBodies(app: FastifyInstance): void {
  readStrictBodies(app, { emptyPost: 'isNone', check: mustHaveNoPrototypes })
}

/** Schemas would drop this one name in silence, and what is judged must be all that was sent. */
function mustHaveNoPrototypes(value: JsonValue): void {
  if (typeof value !== 'object' || value === null) return
  if (Object.hasOwn(value, '__proto__')) {
    throw fault('REQUEST_INVALID', { why: 'no field may be named "__proto__"' })
  }
  for (const part of Object.values(value)) mustHaveNoPrototypes(part)
}
