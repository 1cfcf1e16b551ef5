import type { Problem } from '@castellan/contracts'
import { ApiProblem, Unreachable } from './problem.ts'

export interface ClientOptions {
  /** Where the control plane answers, such as `http://127.0.0.1:7400`. */
  readonly url: string
  /** API key or token. */
  readonly key: string
  /** Acts in this tenant; by default in that of the key. */
  readonly tenant?: string
  readonly fetch?: typeof fetch
}

/** Fields that are undefined are left out. */
export type Query = object

export interface Ask {
  readonly body?: unknown
  readonly query?: Query | undefined
  readonly signal?: AbortSignal | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
}

/** One request at a time to the API. Throws {@link ApiProblem} for answers that say no, {@link Unreachable} for no answer. */
export class Http {
  readonly #options: ClientOptions

  constructor(options: ClientOptions) {
    this.#options = options
  }

  async ask<T>(method: string, path: string, asked: Ask = {}): Promise<T> {
    const response = await this.open(method, path, asked)
    const text = await response.text()
    if (response.status === 204 || text === '') return undefined as T
    return (response.headers.get('content-type')?.includes('json') ? JSON.parse(text) : text) as T
  }

  /** The response of a request that succeeded, its body unread. */
  async open(method: string, path: string, { body, query, signal, headers }: Ask): Promise<Response> {
    const { url, key, tenant, fetch: send = fetch } = this.#options
    const target = new URL(path, url)
    for (const [name, value] of Object.entries(query ?? {})) {
      if (value !== undefined) target.searchParams.set(name, String(value))
    }
    let response: Response
    try {
      response = await send(target, {
        method,
        headers: {
          authorization: `Bearer ${key}`,
          ...(tenant === undefined ? {} : { 'x-tenant-id': tenant }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(signal ? { signal } : {}),
      })
    } catch (cause) {
      if (signal?.aborted) throw cause
      throw new Unreachable(`There is no answer from ${url}; is the control plane running there?`, { cause })
    }
    if (response.ok) return response
    throw await problemIn(response, url)
  }
}

async function problemIn(response: Response, url: string): Promise<Error> {
  const text = await response.text()
  if (response.headers.get('content-type')?.startsWith('application/problem+json')) {
    return new ApiProblem(JSON.parse(text) as Problem)
  }
  return new Unreachable(`What answered at ${url} with ${response.status} is no Castellan control plane.`)
}
