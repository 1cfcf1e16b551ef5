import assert from 'node:assert/strict'
import { Agent, type IncomingHttpHeaders, request as httpRequest } from 'node:http'
import { type ControlPlane, controlPlane, until } from '../support/control-plane.ts'
import { beginSession } from '../support/raw-mcp.ts'
import { toolCounter } from './fixtures/tool-counter.ts'

/** A control plane in this process with one tool server behind it, and somebody who may call nothing. */
export interface Door {
  readonly castellan: ControlPlane
  /** A key of a principal without grants. */
  readonly strangersKey: string
  /** The administrator's session, begun anew when it has been taken away. */
  session(): Promise<string>
  /** How many calls reached the tool server. */
  readonly reached: () => number
  send(sent: Sent): Promise<Received>
  /** Throws unless all is well: alive, without a bug in the log, and with as many calls in its books as were made. */
  close(): Promise<void>
}

export interface Sent {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body: Buffer | null
}

export interface Received {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** Everything, or, of a stream that is there to stay open, what came until that was clear. */
  readonly text: string
}

/** Milliseconds within which there must be an answer, on a machine that is busy with other things. */
const PATIENCE = 20_000

export async function openDoor(): Promise<Door> {
  const tools = await toolCounter()
  const castellan = await controlPlane({ maxBody: '1 MiB' })
  await castellan.ask('POST', '/api/mcp-servers', tools.spec)
  const { id } = await castellan.ask<{ id: string }>('POST', '/api/principals', { name: 'stranger', kind: 'agent' })
  const key = { principal: id, name: 'stranger', scopes: ['mcp'] }
  const strangersKey = (await castellan.ask<{ plaintext: string }>('POST', '/api/keys', key)).plaintext
  const agent = new Agent({ keepAlive: true })
  let session = await beginSession(castellan)

  return {
    castellan,
    strangersKey,
    reached: () => tools.calls,
    send: sent => send(castellan.url, agent, sent),
    async session() {
      const headers = { authorization: `Bearer ${castellan.key}`, 'mcp-session-id': session, ...json }
      const body = Buffer.from('{"jsonrpc":"2.0","id":1,"method":"ping"}')
      const { status } = await send(castellan.url, agent, { method: 'POST', path: '/mcp', headers, body })
      if (status !== 200) session = await beginSession(castellan)
      return session
    },
    async close() {
      try {
        const booked = async () =>
          /castellan_calls_total\{[^}]*outcome="ok"[^}]*\} (\d+)/.exec(await metrics(castellan))?.[1]
        await until('as many calls are booked as were made', booked, made => Number(made ?? 0) === tools.calls)
        assert.deepEqual(
          castellan.log.filter(line => line.includes('"bug"')),
          [],
        )
      } finally {
        agent.destroy()
        await castellan[Symbol.asyncDispose]()
        await tools[Symbol.asyncDispose]()
      }
    },
  }
}

/** What a client that behaves says about itself and its body. */
export const json = { accept: 'application/json, text/event-stream', 'content-type': 'application/json' }

async function metrics({ url, key }: ControlPlane): Promise<string> {
  return (await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${key}` } })).text()
}

function send(url: string, agent: Agent, { method, path, headers, body }: Sent): Promise<Received> {
  const { promise, resolve, reject } = Promise.withResolvers<Received>()
  const given = Object.entries(headers).filter(([, value]) => value !== undefined) as [string, string | string[]][]
  const length = body === null ? {} : { 'content-length': body.length }
  const timer = setTimeout(() => request.destroy(new Error(`no answer within ${PATIENCE} ms`)), PATIENCE)
  const options = { method, headers: { ...Object.fromEntries(given), ...length }, agent }
  const request = httpRequest(url + path, options, response => {
    let text = ''
    const done = () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text })
    const streams = response.headers['content-type'] === 'text/event-stream'
    response.on('error', reject)
    // The stream of a session has come to stay.
    if (streams && method === 'GET') return finish()
    response.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
      if (streams && text.includes('subscriptions/acknowledged') && text.endsWith('\n\n')) finish()
    })
    response.on('end', done)

    function finish(): void {
      done()
      request.destroy()
    }
  })
  request.on('error', reject)
  request.on('close', () => clearTimeout(timer))
  request.end(body ?? undefined)
  return promise
}
