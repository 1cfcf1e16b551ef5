import type { AllowedCall, CallIo, Connector, Link, LinkEvents, Reply, Target } from '../../gate/index.ts'
import { type Discovery, egressOf } from '../../registry/index.ts'
import { type Answer, type Ask, faultOf, HttpClient } from '../http-client/index.ts'
import { buildRequest } from './build-request.ts'
import { compileApart, invalid } from './compile-apart.ts'
import { effectOfMethod } from './compile-operation.ts'
import { masking } from '../../kernel/index.ts'
import type { CompiledDocument, Operation } from './operation.ts'
import { operatorValues, type OperatorValues, takenPlaces } from './operator-values.ts'
import { problem, replyTo } from './result.ts'

/**
 * Makes the operations of an OpenAPI 3.0 or 3.1 document callable as tools.
 *
 * The document comes from a URL or an absolute path, as JSON or YAML. Requests go to the target's endpoint, or to the
 * document's first server when it has none. The operator's values are headers, or API keys elsewhere under the names
 * `query:NAME` and `cookie:NAME`; they accompany every request to the service, and the one for the document only when an
 * endpoint of the same origin is set, since a document may live with strangers.
 */
export const openApiConnector: Connector = {
  transports: ['openapi'],
  async open(target, events, signal) {
    if (target.connection.transport !== 'openapi') throw new Error(`not for ${target.connection.transport}`)
    const values = operatorValues(target.values)
    const load = (signal: AbortSignal) => loadDocument(target, values, signal)
    const link = new OpenApiLink({ target, values, load, events, document: await load(signal) })
    try {
      await link.probe(signal)
      return link
    } catch (error) {
      await link.close()
      throw error
    }
  },
}

/** Throws `DOCUMENT_INVALID`, `UPSTREAM_UNREACHABLE` or `UPSTREAM_TIMEOUT`. */
async function loadDocument(target: Target, values: OperatorValues, signal: AbortSignal): Promise<CompiledDocument> {
  const { connection, endpoint, server, timeouts } = target
  if (connection.transport !== 'openapi') throw new Error(`not for ${connection.transport}`)
  const isAtHome = endpoint !== '' && URL.parse(connection.document)?.origin === new URL(endpoint).origin
  const headers = isAtHome ? values.headers : {}
  const order = { server, connection, endpoint, taken: takenPlaces(values), headers, timeouts }
  const document = await compileApart(order, signal)
  if (document.base === null) throw invalid(server, `${document.whyNoBase}; set an endpoint for it`)
  return document
}

interface OpenApiLinkParts {
  readonly target: Target
  readonly values: OperatorValues
  readonly load: (signal: AbortSignal) => Promise<CompiledDocument>
  readonly events: LinkEvents
  readonly document: CompiledDocument
}

class OpenApiLink implements Link {
  readonly closed: Promise<string>
  readonly #parts: OpenApiLinkParts
  readonly #client: HttpClient
  readonly #base: URL
  readonly #mask: (text: string) => string
  readonly #end: (reason: string) => void
  #operations: ReadonlyMap<string, Operation>
  /** The document as opened, until the first discovery has used it; later ones read it anew. */
  #fresh: CompiledDocument | null

  constructor(parts: OpenApiLinkParts) {
    const { promise, resolve } = Promise.withResolvers<string>()
    this.closed = promise
    this.#end = resolve
    this.#parts = parts
    this.#base = baseOf(parts.document)
    const { server, connection, timeouts } = parts.target
    if (connection.transport !== 'openapi') throw new Error(`not for ${connection.transport}`)
    this.#client = new HttpClient(this.#base.origin, timeouts, { egress: egressOf(server, connection) })
    this.#mask = masking(parts.target.values)
    this.#operations = byName(parts.document)
    this.#fresh = parts.document
  }

  /** Any answer below 500 will do: few services have something at their base URL. */
  async probe(signal: AbortSignal): Promise<void> {
    const { target, values } = this.#parts
    const path = this.#base.pathname
    const answer = await this.#client.ask({ method: 'HEAD', path, headers: values.headers }, signal)
    const fault = faultOf(answer, target.server, target.timeouts, status => status < 500)
    if (fault) throw fault
  }

  async discover(signal: AbortSignal): Promise<Discovery> {
    const { target, load } = this.#parts
    const document = this.#fresh ?? (await load(signal))
    this.#fresh = null
    if (baseOf(document).origin !== this.#base.origin) {
      // Connections and secrets of this link belong to the origin it was opened for.
      await this.close()
      throw invalid(target.server, 'it names another server than before; connect again to use it')
    }
    this.#operations = byName(document)
    return {
      capabilities: document.operations.map(({ name, definition, digest, method }) => ({
        server: target.server,
        primitive: 'tool',
        name,
        definition,
        digest,
        impliedEffect: effectOfMethod(method),
      })),
      serverCapabilities: { tools: {} },
      serverInfo: { name: document.title, version: document.version },
      instructions: null,
      protocolVersion: null,
      ttl: null,
      warnings: document.warnings,
    }
  }

  async call({ call }: AllowedCall, { signal }: CallIo): Promise<Reply> {
    if (call.method !== 'tools/call') {
      return { is: 'error', error: { code: -32601, message: `An OpenAPI service does not know ${call.method}.` } }
    }
    const operation = this.#operations.get(call.capability.name)
    // What was judged is what runs: the name may stand for another method or path by now.
    if (operation?.digest !== call.capability.digest) {
      this.#parts.events.onListChanged('tools')
      const message = `The document no longer describes "${call.capability.name}" as it was discovered.`
      return { is: 'error', error: { code: -32602, message } }
    }
    const base = operation.base === null ? this.#base : new URL(operation.base)
    const request = buildRequest(operation, call.args, base, this.#parts.values)
    if (typeof request === 'string') return problem(request)
    const answer = await this.#follow(request, signal)
    return replyTo(answer, base.origin + request.path.split('?')[0], this.#mask)
  }

  async close(): Promise<void> {
    this.#end('closed')
    await this.#client.close()
  }

  /** Follows redirects of reads within the origin; elsewhere the operator's secrets have no business. */
  async #follow(request: Ask, signal: AbortSignal): Promise<Answer> {
    let ask = request
    for (let hops = 0; ; hops++) {
      const answer = await this.#client.ask(ask, signal)
      if (answer.is !== 'answered' || answer.status < 300 || answer.status >= 400) return answer
      if (hops >= MOST_REDIRECTS || (ask.method !== 'GET' && ask.method !== 'HEAD')) return answer
      const to = URL.parse(answer.headers.location ?? '', this.#base.origin + ask.path)
      if (answer.headers.location === undefined || to?.origin !== this.#base.origin) return answer
      ask = { ...ask, path: to.pathname + to.search }
    }
  }
}

const MOST_REDIRECTS = 5

function baseOf({ base }: CompiledDocument): URL {
  if (base === null) throw new Error('a document without a base URL was let through')
  return new URL(base)
}

function byName({ operations }: CompiledDocument): ReadonlyMap<string, Operation> {
  return new Map(operations.map(operation => [operation.name, operation]))
}
