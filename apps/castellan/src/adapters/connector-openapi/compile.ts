import { isJsonObject, type JsonValue } from '../../kernel/index.ts'
import { baseUrl } from './base-url.ts'
import { bounds } from './bounds.ts'
import { compileOperation } from './compile-operation.ts'
import type { Draft } from './draft.ts'
import { DocumentSet } from './document-set.ts'
import { invalid, plain, Unsupported } from './document-problem.ts'
import type { CompiledDocument, Operation } from './operation.ts'
import { parsePath } from './path-template.ts'
import type { ReadText } from './read-text.ts'
import { securityHints } from './security-hints.ts'
import { toolNames } from './tool-names.ts'

export interface CompileOptions {
  /** Base URL the operator chose; empty to take the document's. */
  readonly endpoint: string
  /** Places the operator fills, see takenPlaces. */
  readonly taken: readonly string[]
}

/**
 * Makes tools of the operations of an OpenAPI 3.0 or 3.1 document. One that is invalid, or needs what we cannot do, is
 * left out with a warning. Throws a DocumentProblem when the document as a whole cannot be used.
 */
export async function compileDocument(
  location: URL,
  read: ReadText,
  { endpoint, taken }: CompileOptions,
): Promise<CompiledDocument> {
  const documents = await DocumentSet.load(location, read)
  const { root } = documents
  checkVersion(root.openapi, root.swagger)
  const notes = new Notes()
  const info = isJsonObject(root.info) ? root.info : {}
  const ownBase = baseUrl(root.servers, location.href)
  const base = endpoint === '' ? ownBase : new URL(endpoint)
  const drafts = draftsIn(documents, notes)
  const names = toolNames(drafts)
  const context = { documents, taken: new Set(taken), pinnedBase: endpoint === '' ? base : null, nodes: 0 }
  const operations = drafts.flatMap((draft, index): Operation[] => {
    try {
      return [compileOperation(draft, names[index]!, context)]
    } catch (error) {
      notes.add(draft, `left out: ${reason(error)}`)
      return []
    }
  })
  for (const hint of securityHints(root, documents, taken)) notes.say(hint)
  return {
    title: typeof info.title === 'string' ? plain(info.title) : '',
    version: typeof info.version === 'string' ? plain(info.version) : '',
    base: typeof base === 'string' ? null : base.href,
    whyNoBase: typeof base === 'string' ? base : '',
    operations: withoutDuplicates(operations, notes),
    warnings: notes.all(),
  }
}

function checkVersion(openapi: JsonValue | undefined, swagger: JsonValue | undefined): void {
  if (swagger !== undefined) {
    throw invalid('it is Swagger 2.0; convert it to OpenAPI 3 first, for example with the tool swagger2openapi')
  }
  if (typeof openapi !== 'string' || !/^3\.[01](\.|$)/.test(openapi)) {
    throw invalid('it is no OpenAPI 3.0 or 3.1 document: its field "openapi" does not say so')
  }
}

const METHODS = ['get', 'head', 'options', 'post', 'put', 'patch', 'delete'] as const

function draftsIn(documents: DocumentSet, notes: Notes): Draft[] {
  const { paths } = documents.root
  if (paths !== undefined && !isJsonObject(paths)) throw invalid('its "paths" is not an object')
  const drafts: Draft[] = []
  for (const [path, value] of Object.entries(paths ?? {})) {
    if (path.startsWith('x-')) continue
    try {
      const pieces = parsePath(path)
      const { value: item, base } = documents.follow(value, documents.base, '')
      if (!isJsonObject(item)) throw new Unsupported('it is not an object')
      if (item.trace !== undefined) notes.add({ method: 'TRACE', path }, 'left out: TRACE is for diagnosis only')
      for (const key of METHODS) {
        if (item[key] === undefined) continue
        if (drafts.length >= bounds.operations) throw invalid(`it has more than ${bounds.operations} operations`)
        const method = key.toUpperCase() as Draft['method']
        try {
          drafts.push({ method, path, pieces, item, base, ...operationIn(item[key], base, documents) })
        } catch (error) {
          notes.add({ method, path }, `left out: ${reason(error)}`)
        }
      }
    } catch (error) {
      if (!(error instanceof Unsupported)) throw error
      notes.say(`path ${plain(path)} left out: ${error.message}`)
    }
  }
  return drafts
}

function operationIn(
  value: JsonValue,
  base: string,
  documents: DocumentSet,
): Pick<Draft, 'id' | 'operation' | 'operationBase'> {
  // The specification has no references here, but large documents are split this way all the same.
  const { value: operation, base: operationBase } = documents.follow(value, base, '')
  if (!isJsonObject(operation)) throw new Unsupported('it is not an object')
  const id = typeof operation.operationId === 'string' ? operation.operationId : null
  return { id, operation, operationBase }
}

/** Suffixed names may still meet one that was there before; then nobody can tell them apart, and neither is offered. */
function withoutDuplicates(operations: readonly Operation[], notes: Notes): Operation[] {
  const uses = new Map<string, number>()
  for (const { name } of operations) uses.set(name, (uses.get(name) ?? 0) + 1)
  return operations.filter(operation => {
    if (uses.get(operation.name) === 1) return true
    notes.add(operation, `left out: its name "${operation.name}" is taken`)
    return false
  })
}

function reason(error: unknown): string {
  if (error instanceof RangeError) return 'it is nested too deeply'
  if (error instanceof Unsupported) return error.message
  throw error
}

/** Warnings, at most so many. */
class Notes {
  readonly #said: string[] = []
  #more = 0

  add({ method, path }: { readonly method: string; readonly path: string }, note: string): void {
    this.say(`${method} ${plain(path)} ${note}`)
  }

  say(note: string): void {
    if (this.#said.length < bounds.warnings) this.#said.push(note)
    else this.#more++
  }

  all(): string[] {
    return this.#more === 0 ? this.#said : [...this.#said, `and ${this.#more} more`]
  }
}
