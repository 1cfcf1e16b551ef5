import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { LineReader } from '../echo/line-reader.ts'
import { headerOf, type HttpAnswer, HttpLane } from './http-lane.ts'
import { httpRequest } from './mcp-client.ts'
import type { Plan, Target } from './plan.ts'
import { aboutRequest, type Answer, greetingOf, messageText, requestText } from './wire.ts'

/** One way to call, one call at a time; each ends in one call back with what was wrong, or null. */
export interface Lane {
  call(done: (wrong: string | null) => void): void
}

export interface Lanes {
  readonly lanes: readonly Lane[]
  /** Ends sessions and processes. */
  close(): Promise<void>
}

/** As many lanes as there are to be calls under way, greeted and ready. */
export function openLanes(plan: Plan): Promise<Lanes> {
  return plan.target.over === 'http' ? httpLanes(plan, plan.target) : stdioLanes(plan, plan.target)
}

/** Each lane has a connection and a session of its own. */
async function httpLanes(plan: Plan, target: Extract<Target, { over: 'http' }>): Promise<Lanes> {
  const open = await Promise.all(Array.from({ length: plan.concurrency }, () => httpLane(plan, target)))
  return { lanes: open, close: async () => void (await Promise.all(open.map(lane => lane.close()))) }
}

async function httpLane(plan: Plan, { url: address, key }: Extract<Target, { over: 'http' }>) {
  const url = new URL(address)
  const { revision, tool } = plan
  const lane = await HttpLane.open(url)
  let session: string | null = null
  if (revision === '2025-11-25') {
    const { method, params } = greetingOf(revision)
    const body = requestText(revision, 0, method, params)
    const answer = await lane.ask(httpRequest('POST', url, { key, session, about: {}, body }))
    if (answer.status !== 200) throw new Error(`initialize was answered with ${answer.status}: ${answer.body}`)
    session = headerOf(answer.head, 'mcp-session-id')
    const ready = JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' })
    await lane.ask(httpRequest('POST', url, { key, session, about: aboutRequest(revision, '', {}), body: ready }))
  }
  const text = textOf(plan)
  const message = callText(plan, FIRST_ID, text)
  const about = aboutRequest(revision, 'tools/call', { name: tool })
  // All ids have as many digits, so but for the id all requests are the same.
  const [before, after] = around(httpRequest('POST', url, { key, session, about, body: message }))
  let id = FIRST_ID
  return {
    call(done: (wrong: string | null) => void) {
      const asked = ++id
      lane.send(before + asked + after, answer =>
        done(answer instanceof Error ? answer.message : wrongWithAnswer(answer, asked, text)),
      )
    },
    async close() {
      const about = aboutRequest(revision, '', {})
      const goodbye = httpRequest('DELETE', url, { key, session, about, body: '' })
      if (session !== null) await lane.ask(goodbye).catch(() => null)
      lane.close()
    },
  }
}

/** All lanes share one process and its pipes: what is called at the same time is written at the same time. */
async function stdioLanes(plan: Plan, { command, args }: Extract<Target, { over: 'stdio' }>): Promise<Lanes> {
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
  const { method, params } = greetingOf(plan.revision)
  await new Promise(resolve => ask(0, requestText(plan.revision, 0, method, params), resolve))
  const text = textOf(plan)
  const [before, after] = around(callText(plan, FIRST_ID, text))
  let id = FIRST_ID
  const lane: Lane = {
    call(done) {
      const asked = ++id
      ask(asked, before + asked + after, answer =>
        done(typeof answer === 'string' ? answer : wrongWithMessage(answer, asked, text)),
      )
    },
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

function callText({ revision, tool }: Plan, id: number, text: string): string {
  return requestText(revision, id, 'tools/call', { name: tool, arguments: { text } })
}

function around(request: string): readonly [before: string, after: string] {
  const [before, after] = request.split(String(FIRST_ID))
  return [before!, after!]
}

/** ASCII that differs from place to place, so that a piece that is lost or moved is seen. */
function textOf({ payload }: Plan): string {
  return Array.from({ length: payload }, (_, at) => String.fromCharCode(97 + ((at * 7 + (at >> 5)) % 26))).join('')
}

function wrongWithAnswer({ status, body }: HttpAnswer, id: number, text: string): string | null {
  const json = messageText(body)
  if (status !== 200 || json === undefined) return `status ${status}: ${body.slice(0, 300)}`
  return wrongWithMessage(JSON.parse(json) as Answer, id, text)
}

function wrongWithMessage(message: Answer, id: number, text: string): string | null {
  if (message.id !== id) return `asked with id ${id}, answered with ${JSON.stringify(message.id)}`
  const content = message.result?.['content'] as readonly { readonly text?: unknown }[] | undefined
  if (content?.[0]?.text === text && message.result?.['isError'] !== true) return null
  return `not the echo: ${JSON.stringify(message).slice(0, 300)}`
}
