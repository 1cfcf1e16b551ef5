import type { FastifyInstance } from 'fastify'
import { fault, type JsonValue, parseStrict } from '../kernel/index.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Reads bodies as strict JSON in strict UTF-8, and only those that say they are JSON. `check` sees every value and may
 * refuse it; a body of no length is none, except for a POST where `emptyPost` says that one is expected.
 */
export function readStrictBodies(
  app: FastifyInstance,
  options: {
    readonly maxBody?: number
    readonly emptyPost: 'isNone' | 'isMalformed'
    readonly check?: (value: JsonValue) => void
  },
): void {
  const limit = options.maxBody === undefined ? {} : { bodyLimit: options.maxBody }
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer', ...limit }, (request, bytes, done) => {
    const mayBeEmpty = request.method !== 'POST' || options.emptyPost === 'isNone'
    if (bytes.length === 0 && mayBeEmpty) return done(null, undefined)
    try {
      const value = parseStrict(decoded(bytes as Buffer))
      options.check?.(value)
      done(null, value)
    } catch (error) {
      done(error as Error, undefined)
    }
  })
}

function decoded(bytes: Buffer): string {
  try {
    return utf8.decode(bytes)
  } catch {
    throw fault('JSON_MALFORMED', { why: 'it is not valid UTF-8' })
  }
}
