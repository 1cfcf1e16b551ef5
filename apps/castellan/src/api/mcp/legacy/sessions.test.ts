import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { describe, test } from 'node:test'
import { type Clock, isFault, type JsonObject } from '../../../kernel/index.ts'
import type { Core } from '../../core.ts'
import type { Caller } from '../caller.ts'
import { type SessionLimits, Sessions } from './sessions.ts'

describe('a session', () => {
  test('goes on for whoever began it, in the same tenant and on the same endpoint', () =>
    within({}, async ({ begin, goOn }) => {
      const id = await begin('ann')
      assert.equal(await goOn('ann', id), 200)
      assert.equal(await goOn('bob', id), 404)
      assert.equal(await goOn('ann@other', id), 404)
      assert.equal(await goOn('ann/files', id), 404)
      assert.equal(await goOn('ann', 'unknown'), 404)
    }))

  test('is closed when it was not used for the configured time, and not before', () =>
    within({ idle: 1_000 }, async ({ begin, goOn, sessions, pass }) => {
      const [used, unused] = [await begin('ann'), await begin('ann')]
      pass(999)
      sessions.closeIdle()
      assert.equal(await goOn('ann', used), 200)
      pass(1)
      sessions.closeIdle()
      assert.equal(await goOn('ann', unused), 404)
      assert.equal(await goOn('ann', used), 200)
    }))

  test('with a stream that is open is not idle', () =>
    within({ idle: 1_000 }, async ({ begin, goOn, stream, sessions, pass }) => {
      const id = await begin('ann')
      const close = await stream('ann', id)
      pass(10_000)
      sessions.closeIdle()
      assert.equal(await goOn('ann', id), 200)
      await close()
    }))

  test('ends when its client says so', () =>
    within({}, async ({ begin, goOn, sessions }) => {
      const id = await begin('ann')
      assert.equal(await goOn('ann', id, 'DELETE'), 200)
      assert.equal(sessions.size, 0)
      assert.equal(await goOn('ann', id), 404)
    }))
})

describe('when there are too many sessions', () => {
  test('whoever has the most loses the one it has not used for longest', () =>
    within({ max: 3 }, async ({ begin, goOn, sessions, pass }) => {
      const bobs = await begin('bob')
      const anns = [await begin('ann'), await begin('ann')]
      pass(1)
      await goOn('ann', anns[0]!)
      const third = await begin('carl')
      assert.equal(await goOn('ann', anns[1]!), 404)
      for (const [who, id] of [
        ['bob', bobs],
        ['ann', anns[0]!],
        ['carl', third],
      ] as const) {
        assert.equal(await goOn(who, id), 200, who)
      }
      assert.equal(sessions.size, 3)
    }))

  test('those with no more than the newcomer keep theirs: the newcomer gives up one of its own, or waits', () =>
    within({ max: 2 }, async ({ begin, goOn }) => {
      const [anns, bobs] = [await begin('ann'), await begin('bob')]
      await assert.rejects(begin('carl'), /503/)
      const next = await begin('ann')
      assert.deepEqual([await goOn('ann', anns), await goOn('bob', bobs), await goOn('ann', next)], [404, 200, 200])
    }))

  test('one in use is never taken away', () =>
    within({ max: 1 }, async ({ begin, goOn, stream }) => {
      const id = await begin('ann')
      const close = await stream('ann', id)
      await assert.rejects(begin('ann'), /503/)
      assert.equal(await goOn('ann', id), 200)
      await close()
    }))

  test('those who begin at the same moment stay within the limit together', () =>
    within({ max: 5 }, async ({ begin, sessions }) => {
      await Promise.allSettled(Array.from({ length: 20 }, (_, index) => begin(`guest ${index}`)))
      assert.equal(sessions.size, 5)
    }))
})

interface Opened {
  readonly sessions: Sessions
  begin(who: string): Promise<string>
  goOn(who: string, id: string, method?: string): Promise<number>
  /** Opens the standing stream of a session; what it gives back closes it. */
  stream(who: string, id: string): Promise<() => Promise<void>>
  pass(milliseconds: number): void
}

/** Sessions behind a real server; the header `who` is `principal`, `principal@tenant` or `principal/server`. */
async function within(limits: Partial<SessionLimits>, body: (opened: Opened) => Promise<void>): Promise<void> {
  let now = 0
  const clock: Clock = { now: () => new Date(now), monotonic: () => now }
  const registry = { offers: () => ({ servers: [] }) }
  const core = { clock, registry, version: '1', sessionEnded: () => undefined } as unknown as Core
  const sessions = new Sessions({ max: 100, idle: 60_000, ...limits }, core, new Map(), 60_000)
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const caller = callerFrom(String(request.headers['who']))
    const id = request.headers['mcp-session-id']
    const message = request.method === 'POST' ? ((await json(request)) as JsonObject) : undefined
    try {
      if (id === undefined) return sessions.begin(caller, response, message!)
      const session = sessions.find(String(id), caller)
      if (session) sessions.goOn(session, request, response, message)
      else response.writeHead(404).end()
    } catch (error) {
      response.writeHead(isFault(error, 'SESSION_LIMIT') ? 503 : 500).end()
    }
  }
  const server = createServer((request, response) => void handle(request, response))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const ask = async (who: string, id: string | null, method: string, rpc: string, more: RequestInit = {}) => {
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'x', version: '1' } }
    return fetch(url, {
      method,
      headers: {
        who,
        'content-type': 'application/json',
        accept: method === 'GET' ? 'text/event-stream' : 'application/json, text/event-stream',
        ...(id === null ? {} : { 'mcp-session-id': id }),
      },
      ...(method === 'POST' ? { body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: rpc, params }) } : {}),
      ...more,
    })
  }
  try {
    await body({
      sessions,
      pass: milliseconds => void (now += milliseconds),
      async begin(who) {
        const response = await ask(who, null, 'POST', 'initialize')
        await response.text()
        const id = response.headers.get('mcp-session-id')
        if (id === null) throw new Error(`begin answered ${response.status}`)
        return id
      },
      async goOn(who, id, method = 'POST') {
        const response = await ask(who, id, method, 'ping')
        await response.text()
        return response.status
      },
      async stream(who, id) {
        const closing = new AbortController()
        const response = await ask(who, id, 'GET', '', { signal: closing.signal })
        return async () => {
          closing.abort()
          await response.body?.cancel().catch(() => undefined)
        }
      },
    })
  } finally {
    sessions.close()
    server.closeAllConnections()
    await new Promise(resolve => server.close(resolve))
  }
}

function callerFrom(who: string): Caller {
  const [, name = '', tenant = 'default', server] = /^([^@/]+)(?:@([^/]+))?(?:\/(.+))?$/.exec(who) ?? []
  return {
    identity: {
      principal: { id: name, kind: 'agent', name, memberships: [], external: null, version: 1 },
      tenant,
      roles: ['member'],
      scopes: ['mcp'],
      keyId: null,
      expiresAt: null,
    },
    listing: 'all',
    view: server === undefined ? { is: 'all' } : { is: 'server', name: server },
    sessionId: null,
  }
}
