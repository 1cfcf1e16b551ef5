import { request as httpRequest, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { envelope } from '../../support/raw-mcp.ts'
import { answerTo } from '../fixtures/deeds.ts'
import { type Asked, callOf, steadyServers, unsteadyServers } from '../wishes.ts'
import { keep, PATIENCE, pause, type Work } from './work.ts'

/** Clients that hang up in the middle of a call. */
export function vanishing(work: Work): Promise<void> {
  const { random, tally } = work
  return keep(work, 'a client that vanishes', async () => {
    const servers = random.chance(0.7) ? steadyServers : unsteadyServers
    const call = callOf(random, random.pick(servers), 'slow')
    const asking = ask(work, { ...call, wish: { ...call.wish, ms: 20_000 } })
    await pause(random.int(0, 300))
    asking.destroy()
    tally.did('vanished')
  })
}

/** Clients that ask for much and read nothing of it. */
export function deaf(work: Work): Promise<void> {
  const { random, tally, rest } = work
  return keep(work, 'a client that never reads', async () => {
    const { hostname, port } = new URL(rest.url)
    const socket = connect({ host: hostname, port: Number(port) })
    socket.on('error', () => undefined)
    await new Promise(resolve => socket.once('connect', resolve))
    const call = callOf(random, random.pick(steadyServers), 'large')
    const { headers, body } = request(work, { ...call, wish: { ...call.wish, size: 3_000_000 } })
    const lines = Object.entries({ ...headers, host: `${hostname}:${port}` }).map(
      ([name, value]) => `${name}: ${value}`,
    )
    socket.pause().write(`POST /mcp HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body}`)
    await pause(random.int(200, 2_000))
    socket.destroy()
    tally.did('never read')
  })
}

/** Clients that read a large answer in small sips, and must get all of it. */
export function slowReading(work: Work): Promise<void> {
  const { random, tally } = work
  return keep(work, 'a slow reader', async () => {
    const call = callOf(random, random.pick(steadyServers), 'large')
    const asked = { ...call, wish: { ...call.wish, size: 1_000_000 } }
    const asking = ask(work, asked)
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      asking.on('response', resolve).on('error', reject)
    })
    let text = ''
    for await (const chunk of response.setEncoding('utf8')) {
      text += chunk as string
      await pause(random.int(0, 10))
    }
    tally.did('read slowly')
    if (!text.includes(`"${answerTo('large', asked.wish)}"`))
      tally.found(
        'wrong answer',
        `a slow reader of ${asked.server} got ${text.length} characters: ${text.slice(0, 200)}`,
      )
  })
}

/** Clients that begin sessions and leave them lying about, some with a stream. */
export function forgetful(work: Work): Promise<void> {
  const { random, tally, rest } = work
  return keep(work, 'a client that forgets its session', async () => {
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'soak', version: '1' } }
    const headers = { authorization: `Bearer ${rest.key}`, accept: 'application/json, text/event-stream' }
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params })
    const signal = AbortSignal.timeout(PATIENCE)
    const json = { 'content-type': 'application/json' }
    const response = await fetch(`${rest.url}/mcp`, { method: 'POST', headers: { ...headers, ...json }, body, signal })
    await response.arrayBuffer()
    const id = response.headers.get('mcp-session-id')
    if (id === null) return tally.found('lost answer', `a session was refused with HTTP ${response.status}`)
    tally.did('sessions')
    if (random.chance(0.7)) return
    const leaving = new AbortController()
    const stream = await fetch(`${rest.url}/mcp`, {
      headers: { ...headers, 'mcp-session-id': id },
      signal: leaving.signal,
    })
    if (stream.status !== 200) tally.found('lost answer', `a stream was refused with HTTP ${stream.status}`)
    await pause(random.int(0, 500))
    leaving.abort()
  })
}

function ask(work: Work, asked: Asked) {
  const { headers, body } = request(work, asked)
  const asking = httpRequest(`${work.rest.url}/mcp`, { method: 'POST', headers, agent: false, timeout: PATIENCE })
  asking.on('timeout', () => asking.destroy(new Error('no answer in time')))
  return asking.on('error', () => undefined).end(body)
}

function request({ rest }: Work, { server, tool, wish }: Asked) {
  const name = `${server}__${tool}`
  const body = JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: { name, arguments: wish, _meta: envelope },
  })
  const headers = {
    authorization: `Bearer ${rest.key}`,
    accept: 'application/json, text/event-stream',
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': 'tools/call',
    'mcp-name': name,
  }
  return { headers, body }
}
