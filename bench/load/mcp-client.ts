import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { type Revision } from '../echo/dialect.ts'
import { LineReader } from '../echo/line-reader.ts'
import { headerOf, type HttpAnswer, HttpLane } from './http-lane.ts'
import type { Target } from './plan.ts'
import { aboutRequest, type Answer, greetingOf, messageText, requestText } from './wire.ts'

/** A client that has greeted its server; as little between the wire and the clock as can be. */
export interface McpClient {
  /** Throws when the answer is an error. Several may be under way. */
  request(method: string, params?: Readonly<Record<string, unknown>>): Promise<Readonly<Record<string, unknown>>>
  /** Bytes of all answers so far. */
  readonly received: number
  /** Ends the session, where there is one. */
  close(): Promise<void>
  /** Goes away without a word. */
  drop(): void
}

export function openClient(target: Target, revision: Revision): Promise<McpClient> {
  return target.over === 'http' ? httpClient(target, revision) : stdioClient(target, revision)
}

async function httpClient(
  { url: address, key }: Extract<Target, { over: 'http' }>,
  revision: Revision,
): Promise<McpClient> {
  const url = new URL(address)
  const all: HttpLane[] = []
  const free: HttpLane[] = []
  let session: string | null = null
  let last = 0
  let received = 0
  const ask = async (verb: string, body: string, about: Readonly<Record<string, string>>): Promise<HttpAnswer> => {
    const lane = free.pop() ?? (await HttpLane.open(url))
    if (!all.includes(lane)) all.push(lane)
    const answer = await lane.ask(httpRequest(verb, url, { key, session, about, body }))
    received += answer.body.length
    free.push(lane)
    return answer
  }
  const client: McpClient = {
    get received() {
      return received
    },
    async request(method, params = {}) {
      const id = ++last
      const answer = await ask(
        'POST',
        requestText(revision, id, method, params),
        aboutRequest(revision, method, params),
      )
      if (method === 'initialize') session = headerOf(answer.head, 'mcp-session-id')
      const text = messageText(answer.body)
      if (text === undefined)
        throw new Error(`${method} was answered with ${answer.status}: ${answer.body.slice(0, 300)}`)
      return resultOf(JSON.parse(Buffer.from(text, 'latin1').toString()) as Answer, id, method)
    },
    async close() {
      if (session !== null) await ask('DELETE', '', aboutRequest(revision, '', {})).catch(() => null)
      client.drop()
    },
    drop() {
      for (const lane of all) lane.close()
    },
  }
  const { method, params } = greetingOf(revision)
  await client.request(method, params)
  if (revision === '2025-11-25') await ask('POST', initialized, aboutRequest(revision, '', {}))
  return client
}

async function stdioClient(
  { command, args }: Extract<Target, { over: 'stdio' }>,
  revision: Revision,
): Promise<McpClient> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'ignore'] })
  const ended = once(child, 'close')
  const waiting = new Map<unknown, (answer: Answer) => void>()
  const lines = new LineReader()
  let last = 0
  let received = 0
  child.stdout.on('data', (chunk: Buffer) => {
    received += chunk.length
    for (const line of lines.read(chunk)) {
      const answer = JSON.parse(line) as Answer
      waiting.get(answer.id)?.(answer)
      waiting.delete(answer.id)
    }
  })
  const client: McpClient = {
    get received() {
      return received
    },
    async request(method, params = {}) {
      const id = ++last
      const answered = new Promise<Answer>(resolve => waiting.set(id, resolve))
      child.stdin.write(`${requestText(revision, id, method, params)}\n`)
      const gone = ended.then(() => Promise.reject(new Error(`${command} ended before it answered ${method}`)))
      return resultOf(await Promise.race([answered, gone]), id, method)
    },
    async close() {
      child.stdin.end()
      const timer = setTimeout(() => child.kill('SIGKILL'), 5_000)
      await ended
      clearTimeout(timer)
    },
    drop: () => void child.kill('SIGKILL'),
  }
  const { method, params } = greetingOf(revision)
  await client.request(method, params)
  if (revision === '2025-11-25') child.stdin.write(`${initialized}\n`)
  return client
}

const initialized = JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' })

/** An HTTP/1.1 request whole, as Latin-1. */
export function httpRequest(
  verb: string,
  url: URL,
  given: {
    readonly key: string | null
    readonly session: string | null
    readonly about: Readonly<Record<string, string>>
    readonly body: string
  },
): string {
  const body = Buffer.from(given.body).toString('latin1')
  const head = [
    `${verb} ${url.pathname} HTTP/1.1`,
    `host: ${url.host}`,
    ...(given.key === null ? [] : [`authorization: Bearer ${given.key}`]),
    ...(body === '' ? [] : ['content-type: application/json']),
    'accept: application/json, text/event-stream',
    ...(given.session === null ? [] : [`mcp-session-id: ${given.session}`]),
    ...Object.entries(given.about).map(([name, value]) => `${name}: ${value}`),
    `content-length: ${body.length}`,
  ]
  return `${head.join('\r\n')}\r\n\r\n${body}`
}

function resultOf(answer: Answer, id: number, method: string): Readonly<Record<string, unknown>> {
  if (answer.id === id && answer.result !== undefined) return answer.result
  throw new Error(`${method} with id ${id} was answered with ${JSON.stringify(answer).slice(0, 300)}`)
}
