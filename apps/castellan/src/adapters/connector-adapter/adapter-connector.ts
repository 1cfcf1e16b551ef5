import type { AllowedCall, CallIo, Connector, Link, Reply, Target } from '../../gate/index.ts'
import type { Fault, JsonObject } from '../../kernel/index.ts'
import { type Discovery, egressOf } from '../../registry/index.ts'
import { type Ask, faultOf, headersFrom, HttpClient } from '../http-client/index.ts'
import { replyTo } from './reply.ts'
import { readTools } from './tool-list.ts'

/**
 * Makes plain HTTP tool servers callable. Such a server answers, below its endpoint:
 * - `GET /health` with any 2xx when it is well;
 * - `POST /mcp/list_tools` with `{ "tools": […] }` or the bare array of MCP tool definitions;
 * - `POST /mcp/call_tool`, given `{ "tool", "arguments" }`, with `{ "content": […], "isError": false }`; other fields pass
 *   through. A call's idempotency key comes as `Idempotency-Key`.
 *
 * An answer of 2xx that is no such JSON is `broken`, sent and not to be retried: the tool may well have run, so an unsafe
 * call ends `indeterminate` rather than as an error that invites repetition.
 */
export const adapterConnector: Connector = {
  transports: ['http-adapter'],
  async open(target, _events, signal) {
    const link = new AdapterLink(target)
    try {
      await link.probe(signal)
      return link
    } catch (error) {
      await link.close()
      throw error
    }
  },
}

class AdapterLink implements Link {
  readonly closed: Promise<string>
  readonly #target: Target
  readonly #client: HttpClient
  readonly #base: URL
  readonly #headers: Readonly<Record<string, string>>
  readonly #end: (reason: string) => void

  constructor(target: Target) {
    const { promise, resolve } = Promise.withResolvers<string>()
    this.closed = promise
    this.#end = resolve
    this.#target = target
    this.#base = new URL(target.endpoint)
    this.#headers = headersFrom(target.values)
    if (!('endpoints' in target.connection)) throw new Error('only what is reached by URL has an endpoint')
    const egress = egressOf(target.server, target.connection)
    this.#client = new HttpClient(this.#base.origin, target.timeouts, { egress })
  }

  async probe(signal: AbortSignal): Promise<void> {
    const answer = await this.#client.ask(this.#get('/health'), signal)
    const fault = this.#faultOf(answer)
    if (fault) throw fault
  }

  async discover(signal: AbortSignal): Promise<Discovery> {
    const answer = await this.#client.ask(this.#post('/mcp/list_tools', {}), signal)
    const fault = this.#faultOf(answer)
    if (fault) throw fault
    return readTools(answer, this.#target.server)
  }

  async call({ call }: AllowedCall, { signal }: CallIo): Promise<Reply> {
    if (call.method !== 'tools/call') {
      return { is: 'error', error: { code: -32601, message: `A plain HTTP tool server does not know ${call.method}.` } }
    }
    const key = call.upstreamKey
    const ask = this.#post('/mcp/call_tool', { tool: call.capability.name, arguments: call.args })
    const headers = key === null ? ask.headers : { ...ask.headers, 'idempotency-key': key }
    return replyTo(await this.#client.ask({ ...ask, headers }, signal))
  }

  async close(): Promise<void> {
    this.#end('closed')
    await this.#client.close()
  }

  #get(path: string): Ask {
    return { method: 'GET', path: this.#path(path), headers: { accept: 'application/json', ...this.#headers } }
  }

  #post(path: string, body: JsonObject): Ask {
    const headers = { accept: 'application/json', ...this.#headers, 'content-type': 'application/json' }
    return { method: 'POST', path: this.#path(path), headers, body: JSON.stringify(body) }
  }

  #path(path: string): string {
    return this.#base.pathname.replace(/\/+$/, '') + path + this.#base.search
  }

  #faultOf(answer: Parameters<typeof faultOf>[0]): Fault | undefined {
    const { server, timeouts } = this.#target
    return faultOf(answer, server, timeouts, status => status >= 200 && status < 300)
  }
}
