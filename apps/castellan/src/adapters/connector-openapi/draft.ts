import type { JsonObject } from '../../kernel/index.ts'
import { bounds } from './bounds.ts'
import type { DocumentSet } from './document-set.ts'
import { Unsupported } from './document-problem.ts'
import { SchemaConversion, TooLarge } from './json-schema.ts'
import type { Operation } from './operation.ts'
import type { PathPiece } from './path-template.ts'

/** An operation as found in the document. */
export interface Draft {
  readonly id: string | null
  readonly method: Operation['method']
  readonly path: string
  readonly pieces: readonly PathPiece[]
  readonly item: JsonObject
  readonly operation: JsonObject
  /** The file its path item stands in. */
  readonly base: string
  /** The file it stands in itself. */
  readonly operationBase: string
}

export interface CompileContext {
  readonly documents: DocumentSet
  readonly taken: ReadonlySet<string>
  /** The base URL, when the document itself decides about it (or why it cannot); null when the operator does. */
  readonly pinnedBase: URL | string | null
  /** Schema nodes of all tools so far. */
  nodes: number
}

/**
 * Schemas of one tool, converted with references replaced; when that grows too large, with references kept.
 * Throws {@link Unsupported}.
 */
export function converted(
  context: CompileContext,
  direction: 'request' | 'response',
  make: (conversion: SchemaConversion) => JsonObject,
): JsonObject {
  const attempt = (keepRefs: boolean): JsonObject => {
    const conversion = new SchemaConversion(context.documents, direction, keepRefs)
    try {
      const schema = make(conversion)
      const $defs = conversion.defs()
      return Object.keys($defs).length === 0 ? schema : { ...schema, $defs }
    } finally {
      context.nodes += conversion.nodes
    }
  }
  if (context.nodes > bounds.totalNodes) throw new Unsupported('the schemas before it are too large together')
  try {
    return attempt(false)
  } catch (error) {
    if (!(error instanceof TooLarge)) throw error
    return attempt(true)
  }
}
