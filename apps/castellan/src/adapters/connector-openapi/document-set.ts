import { isJsonObject, type JsonObject } from '../../kernel/index.ts'
import { bounds } from './bounds.ts'
import { DocumentProblem, Unsupported } from './document-problem.ts'
import { parseText } from './parse-text.ts'
import type { ReadText } from './read-text.ts'

/** Something a `$ref` led to. */
export interface Found {
  readonly value: unknown
  /** The file it stands in, against which its own references are resolved. */
  readonly base: string
  /** Its place, the same for the same thing. */
  readonly key: string
}

/** A document and the other files it refers to, all in memory, so that references resolve without waiting. */
export class DocumentSet {
  readonly #values: ReadonlyMap<string, unknown>
  /** Why a file is not among them. */
  readonly #missing: ReadonlyMap<string, string>
  readonly root: JsonObject
  readonly base: string

  private constructor(base: string, root: JsonObject, values: Map<string, unknown>, missing: Map<string, string>) {
    this.base = base
    this.root = root
    this.#values = values
    this.#missing = missing
  }

  /**
   * Reads a document and every file it refers to. A file that must not or cannot be read fails only what refers to it.
   * Throws a {@link DocumentProblem} when the document itself cannot be read.
   */
  static async load(location: URL, read: ReadText): Promise<DocumentSet> {
    const text = await read(location)
    const root = parseText(text)
    if (!isJsonObject(root)) throw new DocumentProblem('invalid', 'it is not an object')
    const values = new Map<string, unknown>([[location.href, root]])
    const missing = new Map<string, string>()
    let bytes = text.length
    const most = location.protocol === 'file:' ? bounds.localFiles : bounds.remoteFiles
    for (const [base, value] of values) {
      for (const wanted of filesIn(value, base)) {
        if (values.has(wanted) || missing.has(wanted)) continue
        try {
          if (values.size + missing.size >= most)
            throw new DocumentProblem('invalid', 'it refers to too many files; bundle them into one')
          const text = await read(new URL(wanted))
          bytes += text.length
          if (bytes > bounds.totalBytes) throw new DocumentProblem('invalid', 'its files are too large together')
          values.set(wanted, parseText(text))
        } catch (error) {
          if (!(error instanceof DocumentProblem)) throw error
          missing.set(wanted, error.message)
        }
      }
    }
    return new DocumentSet(location.href, root, values, missing)
  }

  /** What a value stands for: itself, or what its `$ref` names. Throws {@link Unsupported}. */
  follow(value: unknown, base: string, key: string): Found {
    let found: Found = { value, base, key }
    for (let hops = 0; isJsonObject(found.value) && typeof found.value.$ref === 'string'; hops++) {
      if (hops >= bounds.refChain) throw new Unsupported('its "$ref"s lead in a circle, or too far')
      found = this.find(found.value.$ref, found.base)
    }
    return found
  }

  /** What one reference names. Throws {@link Unsupported}. */
  find(ref: string, base: string): Found {
    const url = URL.parse(ref, base)
    if (!url) throw new Unsupported('a "$ref" is not a URI reference')
    const pointer = url.hash.slice(1)
    url.hash = ''
    const missing = this.#missing.get(url.href)
    if (missing !== undefined) throw new Unsupported(`a "$ref" is not followed: ${missing}`)
    let value = this.#values.get(url.href)
    if (value === undefined) throw new Unsupported('a "$ref" leads to a file that was not read')
    for (const token of tokens(pointer)) {
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, token)) {
        throw new Unsupported('a "$ref" leads to nothing')
      }
      value = (value as Record<string, unknown>)[token]
    }
    return { value, base: url.href, key: `${url.href}#${pointer}` }
  }
}

/** Source: RFC 6901 section 6. */
function tokens(pointer: string): string[] {
  if (pointer === '') return []
  if (!pointer.startsWith('/')) throw new Unsupported('a "$ref" names an anchor, which is not supported')
  try {
    return pointer
      .slice(1)
      .split('/')
      .map(token => decodeURIComponent(token).replaceAll('~1', '/').replaceAll('~0', '~'))
  } catch {
    throw new Unsupported('a "$ref" is not a URI reference')
  }
}

/** Every other file a value refers to. Iterative and once per object: aliases may make it deep, shared or circular. */
function filesIn(value: unknown, base: string): ReadonlySet<string> {
  const files = new Set<string>()
  const seen = new Set<object>()
  const rest: unknown[] = [value]
  while (rest.length > 0) {
    const next = rest.pop()
    if (typeof next !== 'object' || next === null || seen.has(next)) continue
    seen.add(next)
    if ('$ref' in next && typeof next.$ref === 'string' && !next.$ref.startsWith('#')) {
      const url = URL.parse(next.$ref, base)
      if (url) {
        url.hash = ''
        if (url.href !== base) files.add(url.href)
      }
    }
    for (const child of Object.values(next)) rest.push(child)
  }
  return files
}
