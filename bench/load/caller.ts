import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { LineReader } from '../echo/line-reader.ts'
import type { Revision } from '../echo/dialect.ts'
import { headerOf, type HttpAnswer, HttpLane } from './http-lane.ts'
import type { Plan, Target } from './plan.ts'

/** Calls with one id after the other; each ends in one call back with what was wrong, or null. */
export interface Lane {
  call(done: (wrong: string | null) => void): void
  /** Ends its session, where there is one. */
  close(): Promise<void>
}

/** As many ways to call as there are to be calls under way, greeted and ready. */
export async function openLanes(plan: Plan): Promise<{ readonly lanes: readonly Lane[]; close(): Promise<void> }> {
  const open = plan.target.over === 'http' ? httpLanes : stdioLanes
  return open(plan, plan.target as never)
}

async function httpLanes(plan: Plan, target: Extract<Target, { over: 'http' }>) {
  const lanes: Lane[] = []
  for (let lane = 0; lane < plan.concurrency; lane++) lanes.push(await httpLane(plan, target))
  return {
    lanes,
    close: async () => {
      for (const lane of lanes) await lane.close()
    },
  }
}

async function httpLane(plan: Plan, { url: address, key }: Extract<Target, { over: 'http' }>): Promise<Lane> {
  const url = new URL(address)
  const { revision, tool } = plan
  const lane = await HttpLane.open(url)
  let session: string | null = null
  const head = (verb: string, more: Readonly<Record<string, string>>) =>
    [
      `${verb} ${url.pathname} HTTP/1.1`,
      `host: ${url.host}`,
      ...(key === null ? [] : [`authorization: Bearer ${key}`]),
      'content-type: application/json',
      'accept: application/json, text/event-stream',
      ...(session === null ? [] : [`mcp-session-id: ${session}`]),
      ...Object.entries(more).map(([name, value]) => `${name}: ${value}`),
    ].join('\r\n')
  const post = (body: string, more: Readonly<Record<string, string>>) =>
    `${head('POST', { ...more, 'content-length': String(body.length) })}\r\n\r\n${body}`

  if (revision === '2025-11-25') {
    const answer = await lane.ask(post(JSON.stringify(initialize), {}))
    if (answer.status !== 200) throw new Error(`initialize was answered with ${answer.status}: ${answer.body}`)
    session = headerOf(answer.head, 'mcp-session-id')
    const ready = JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' })
    await lane.ask(post(ready, { 'mcp-protocol-version': revision }))
  }
  const about = {
    'mcp-protocol-version': revision,
    ...(revision === '2026-07-28' ? { 'mcp-method': 'tools/call', 'mcp-name': tool } : {}),
  }
  const text = textOf(plan)
  const { before, after } = callMessage(plan, text)
  // All ids have as many digits, so all requests have the same head.
  const upToId = post(`${before}${FIRST_ID}${after}`, about).split(`${before}${FIRST_ID}`)[0] + before
  let id = FIRST_ID
  return {
    call(done) {
      const asked = ++id
      lane.send(upToId + asked + after, answer =>
        done(answer instanceof Error ? answer.message : wrongWithAnswer(answer, asked, text)),
      )
    },
    async close() {
      if (session !== null) await lane.ask(`${head('DELETE', { 'content-length': '0' })}\r\n\r\n`).catch(() => null)
      lane.close()
    },
  }
}

/** All lanes share one process and its pipes: what is called at the same time is written at the same time. */
async function stdioLanes(plan: Plan, { command, args }: Extract<Target, { over: 'stdio' }>) {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = new LineReader()
  const waiting = new Map<number, (message: Answer | string) => void>()
  let out = ''
  let reading = false
  const flush = () => {
    if (out !== '') child.stdin.write(out)
    out = ''
  }
  const ask = (id: number, line: string, done: (message: Answer | string) => void) => {
    waiting.set(id, done)
    out += `${line}\n`
    if (!reading) flush()
  }
  child.stdout.on('data', (chunk: Buffer) => {
    reading = true
    for (const line of lines.read(chunk)) {
      const message = JSON.parse(line) as Answer
      const done = waiting.get(message.id as number)
      waiting.delete(message.id as number)
      done?.(message)
    }
    reading = false
    flush()
  })
  const ended = once(child, 'close')
  child.once('close', () => {
    for (const done of waiting.values()) done('the process ended')
  })
  await new Promise(resolve => ask(0, JSON.stringify({ ...greeting(plan.revision), id: 0 }), resolve))
  const text = textOf(plan)
  const { before, after } = callMessage(plan, text)
  let id = FIRST_ID
  const lane: Lane = {
    call(done) {
      const asked = ++id
      ask(asked, before + asked + after, answer =>
        done(typeof answer === 'string' ? answer : wrongWithMessage(answer, asked, text)),
      )
    },
    close: async () => undefined,
  }
  return {
    lanes: Array.from({ length: plan.concurrency }, () => lane),
    close: async () => {
      child.stdin.end()
      await ended
    },
  }
}

const FIRST_ID = 1_000_000_000
const clientInfo = { name: 'bench-load', version: '1' }
const initialize = {
  jsonrpc: '2.0',
  id: 0,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo },
}
/** What a 2026 client puts into `_meta` of each request. */
export const envelope = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
  'io.modelcontextprotocol/clientInfo': clientInfo,
}

function greeting(revision: Revision): object {
  return revision === '2025-11-25'
    ? initialize
    : { jsonrpc: '2.0', id: 0, method: 'server/discover', params: { _meta: envelope } }
}

/** ASCII that differs from place to place, so that a piece that is lost or moved is seen. */
function textOf({ payload }: Plan): string {
  return Array.from({ length: payload }, (_, at) => String.fromCharCode(97 + ((at * 7 + (at >> 5)) % 26))).join('')
}

function callMessage({ revision, tool }: Plan, text: string): { readonly before: string; readonly after: string } {
  const meta = revision === '2026-07-28' ? { _meta: envelope } : {}
  const params = JSON.stringify({ name: tool, arguments: { text }, ...meta })
  return { before: '{"jsonrpc":"2.0","id":', after: `,"method":"tools/call","params":${params}}` }
}

interface Answer {
  readonly id?: unknown
  readonly result?: { readonly content?: readonly { readonly text?: unknown }[]; readonly isError?: boolean }
}

function wrongWithAnswer({ status, head, body }: HttpAnswer, id: number, text: string): string | null {
  if (status !== 200) return `status ${status}: ${body.slice(0, 200)}`
  const json = body.startsWith('{')
    ? body
    : body
        .split('\n')
        .findLast(line => line.startsWith('data: {'))
        ?.slice('data: '.length)
  if (json === undefined) return `no message in ${head.slice(0, 200)} ${body.slice(0, 200)}`
  return wrongWithMessage(JSON.parse(json) as Answer, id, text)
}

function wrongWithMessage(message: Answer, id: number, text: string): string | null {
  if (message.id !== id) return `asked with id ${id}, answered with ${JSON.stringify(message.id)}`
  if (message.result?.content?.[0]?.text === text && message.result.isError !== true) return null
  return `not the echo: ${JSON.stringify(message).slice(0, 300)}`
}
