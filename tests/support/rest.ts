import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** The REST API of a control plane, as its administrator or with another key. */
export interface Rest {
  readonly url: string
  readonly key: string
  /** Throws when there was no whole answer. */
  ask(method: string, path: string, more?: Asking): Promise<Answered>
  /** As {@link ask}, but throws unless the answer is 2xx. */
  must<T>(method: string, path: string, more?: Asking): Promise<T>
  /** Every item of a list, page by page. */
  all<T>(path: string): Promise<T[]>
}

export interface Asking {
  readonly body?: unknown
  readonly correlationId?: string
  readonly key?: string
  readonly signal?: AbortSignal
}

export interface Answered {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

export async function adminOf(url: string, data: string): Promise<Rest> {
  const admin = (await readFile(join(data, 'admin.key'), 'utf8')).trim()
  const ask: Rest['ask'] = async (method, path, { body, correlationId, key = admin, signal } = {}) => {
    const headers: Record<string, string> = { authorization: `Bearer ${key}` }
    if (body !== undefined) headers['content-type'] = 'application/json'
    if (correlationId !== undefined) headers['x-correlation-id'] = correlationId
    const init = { method, headers, signal: signal ?? null, body: body === undefined ? null : JSON.stringify(body) }
    const response = await fetch(url + path, init)
    const text = await response.text()
    return { status: response.status, body: text === '' ? {} : (JSON.parse(text) as Answered['body']) }
  }
  const must = async <T>(method: string, path: string, more?: Asking): Promise<T> => {
    const { status, body } = await ask(method, path, more)
    if (status >= 300) throw new Error(`${method} ${path} answered ${status}: ${JSON.stringify(body)}`)
    return body as T
  }
  return {
    url,
    key: admin,
    ask,
    must,
    async all<T>(path: string): Promise<T[]> {
      const found: T[] = []
      const asked = new URL(path, url)
      asked.searchParams.set('limit', '500')
      for (let more = true; more;) {
        const page: { items: T[]; next: string | null } = await must('GET', asked.pathname + asked.search)
        found.push(...page.items)
        more = page.next !== null
        if (page.next !== null) asked.searchParams.set('after', page.next)
      }
      return found
    },
  }
}
