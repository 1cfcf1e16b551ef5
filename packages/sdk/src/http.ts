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
  /** Takes what a failed execution came to as an answer: it says itself that it failed, and why. */
  readonly failures?: true
}

/** One request at a time to the API. Throws {@link ApiProblem} for answers that say no, {@link Unreachable} for no answer. */
export class Http {
  readonly #options: ClientOptions

  constructor(options: ClientOptions) {
    this.#options = options
  }

  /** The parsed JSON of an answer, undefined when it has no content. */
  async ask<T>(method: string, path: string, asked: Ask = {}): Promise<T> {
    const response = await this.open(method, path, asked)
    const text = await this.#bodyOf(response, asked.signal)
    return (response.status === 204 ? undefined : this.#parsed(response, text)) as T
  }

  async text(path: string): Promise<string> {
    return this.#bodyOf(await this.open('GET', path))
  }

  /** The response of a request that succeeded, its body unread. */
  async open(method: string, path: string, { body, query, signal, headers, failures }: Ask = {}): Promise<Response> {
    const { url, key, tenant, fetch: send = fetch } = this.#options
    // Not resolved against it: behind a proxy the control plane may live below a path of its own.
    const target = new URL(url.replace(/\/+$/, '') + path)
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
    if (response.ok || (failures && isExecution(response))) return response
    throw this.#problem(response, await this.#bodyOf(response, signal))
  }

  async #bodyOf(response: Response, signal?: AbortSignal): Promise<string> {
    try {
      return await response.text()
    } catch (cause) {
      if (signal?.aborted) throw cause
      throw new Unreachable(`The answer from ${this.#options.url} broke off.`, { cause })
    }
  }

  #problem(response: Response, text: string): Error {
    const parsed = this.#parsed(response, text)
    return isProblem(parsed) ? new ApiProblem(parsed) : this.#stranger(response)
  }

  #parsed(response: Response, text: string): unknown {
    if (!/^application\/([\w.-]+\+)?json\b/.test(response.headers.get('content-type') ?? ''))
      throw this.#stranger(response)
    try {
      return JSON.parse(text) as unknown
    } catch {
      throw this.#stranger(response)
    }
  }

  #stranger({ status }: Response): Unreachable {
    return new Unreachable(`What answered at ${this.#options.url} with ${status} is no Castellan control plane.`)
  }
}

/** Whether an answer of 500 is that of an execution: other failures are problems by their type. */
function isExecution({ status, headers }: Response): boolean {
  return status === 500 && /^application\/json\b/.test(headers.get('content-type') ?? '')
}

function isProblem(value: unknown): value is Problem {
  if (typeof value !== 'object' || value === null) return false
  const { status, code, detail } = value as Record<string, unknown>
  return typeof status === 'number' && typeof code === 'string' && typeof detail === 'string'
}
