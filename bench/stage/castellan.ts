import { closeSync, openSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Child, startChild } from './child.ts'
import { scratchFolder } from './scratch.ts'

const program = new URL('../../apps/castellan/bin/castellan.js', import.meta.url).pathname

/** A control plane as `castellan up` starts it, with everything on, in a process of its own. */
export interface Castellan extends AsyncDisposable {
  readonly url: string
  readonly pid: number
  readonly folder: string
  /** Asks the REST API as its administrator; throws unless the answer is 2xx. */
  ask<T = Record<string, unknown>>(method: string, path: string, body?: unknown): Promise<T>
  /** As {@link ask}, for what answers with text. */
  text(path: string): Promise<string>
  /** The key of a new member who was granted every tool. */
  member(): Promise<string>
  stop(): Promise<void>
}

export interface CastellanOptions {
  /** Flags of `castellan up`. */
  readonly settings?: readonly string[]
  /** Flags of Node. */
  readonly flags?: readonly string[]
  /** Data of an earlier one; a new folder by default. */
  readonly folder?: string
}

/** Flags of Node that `npm start` has. */
const USUAL = ['--max-semi-space-size=4']

/** Starts one; its log goes to a file, as that of a service does. */
export async function startCastellan({ settings = [], flags = [], folder }: CastellanOptions = {}): Promise<Castellan> {
  const data = folder ?? scratchFolder('castellan')
  const log = openSync(join(data, 'log'), 'a', 0o600)
  let child: Child
  try {
    const args = ['up', '--json', '--port', '0', '--data', data, ...settings]
    const { PATH, HOME } = process.env
    child = await startChild({ program, args, flags: [...USUAL, ...flags], errors: log, env: { PATH, HOME } })
  } catch (error) {
    throw new Error(await readFile(join(data, 'log'), 'utf8'), { cause: error })
  } finally {
    closeSync(log)
  }
  const admin = (await readFile(join(data, 'admin.key'), 'utf8')).trim()
  const send = async (method: string, path: string, body?: unknown): Promise<string> => {
    const response = await fetch(child.url + path, {
      method,
      headers: {
        authorization: `Bearer ${admin}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      body: body === undefined ? null : JSON.stringify(body),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`)
    return text
  }
  const castellan: Castellan = {
    url: child.url,
    pid: child.pid,
    folder: data,
    async ask<T>(method: string, path: string, body?: unknown): Promise<T> {
      const text = await send(method, path, body)
      return (text === '' ? {} : JSON.parse(text)) as T
    },
    text: path => send('GET', path),
    async member() {
      const principal = await castellan.ask<{ id: string }>('POST', '/api/principals', {
        name: 'bench',
        kind: 'agent',
        roles: ['member'],
      })
      await castellan.ask('POST', '/api/grants', {
        to: { principal: principal.id },
        server: '*',
        primitive_type: 'tool',
        name: '*',
      })
      const key = { principal: principal.id, name: 'bench', scopes: ['mcp'] }
      return (await castellan.ask<{ plaintext: string }>('POST', '/api/keys', key)).plaintext
    },
    stop: () => child.stop(),
    [Symbol.asyncDispose]: () => child.stop(),
  }
  return castellan
}
