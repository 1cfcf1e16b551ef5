import { createMcpHandler, type McpHttpHandler, type Server } from '@modelcontextprotocol/server'
import { type NodeMcpRequestHandler, toNodeHandler } from '@modelcontextprotocol/node'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { CatalogChange } from '../../registry/index.ts'
import type { Caller } from './caller.ts'

interface Handler {
  readonly handler: McpHttpHandler
  readonly node: NodeMcpRequestHandler
}

/**
 * Serves 2026 clients, who have no session. One handler for each tenant, so that what is announced on a subscription
 * reaches nobody of another tenant; never one for each endpoint, since clients may ask for endpoints without end.
 */
export class Modern {
  readonly #handlers = new Map<string, Handler>()
  readonly #build: (caller: () => Caller) => Server
  readonly #maxBody: number

  constructor(maxBody: number, build: (caller: () => Caller) => Server) {
    this.#maxBody = maxBody
    this.#build = build
  }

  async handle(caller: Caller, request: IncomingMessage, response: ServerResponse, body: unknown): Promise<void> {
    const { identity } = caller
    const auth = {
      token: '',
      clientId: identity.principal.id,
      scopes: [...identity.scopes],
      extra: { caller },
    }
    await this.#handler(identity.tenant).node(Object.assign(request, { auth }), response, body)
  }

  listChanged(tenant: string, change: CatalogChange): void {
    const notify = this.#handlers.get(tenant)?.handler.notify
    if (change.tools) notify?.toolsChanged()
    if (change.resources) notify?.resourcesChanged()
    if (change.prompts) notify?.promptsChanged()
  }

  async close(): Promise<void> {
    const handlers = [...this.#handlers.values()]
    this.#handlers.clear()
    await Promise.all(handlers.map(({ handler }) => handler.close()))
  }

  #handler(tenant: string): Handler {
    const known = this.#handlers.get(tenant)
    if (known) return known
    const handler = createMcpHandler(
      ({ authInfo }) => {
        const asking = authInfo?.extra?.caller as Caller
        return this.#build(() => asking)
      },
      { legacy: 'reject', maxRequestBodySize: this.#maxBody, onerror: () => undefined },
    )
    const made = { handler, node: toNodeHandler(handler, { maxRequestBodySize: this.#maxBody }) }
    this.#handlers.set(tenant, made)
    return made
  }
}
