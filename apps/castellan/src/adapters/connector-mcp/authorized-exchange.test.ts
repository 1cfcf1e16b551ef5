import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import type { Target } from '../../gate/index.ts'
import { fault } from '../../kernel/index.ts'
import type { Authorization, Challenge, Remedy } from '../../registry/index.ts'
import { opened } from './fixtures/opened.ts'
import { type Exchange, polite, type ScriptedServer, scriptedServer } from './fixtures/scripted-server.ts'
import { networkTarget } from './fixtures/spawned-fixture.ts'
import { mcpConnector } from './index.ts'
import { streamableHttpTransport } from './streamable-http.ts'

describe('a server that wants tokens', { timeout: 60_000 }, () => {
  test('gets the present one with every request, the standing stream and the farewell included', async context => {
    const tokens = new PlayedTokens('good')
    const { server, ask, link } = await talking(context, tokens, () => false)
    assert.equal((await ask('any')).is, 'result')
    await link.close()
    assert.deepEqual(new Set(server.seen.map(({ verb }) => verb)), new Set(['POST', 'GET', 'DELETE']))
    assert.deepEqual(new Set(server.seen.map(({ headers }) => headers.authorization)), new Set(['Bearer good']))
  })

  test('gets a refused call again with another token, and does it once', async context => {
    const tokens = new PlayedTokens('good')
    const { server, ask } = await talking(context, tokens, exchange => refuseUnless('better', exchange))
    tokens.onRefused = () => {
      tokens.current = 'better'
      return 'again'
    }
    assert.equal((await ask('any')).is, 'result')
    assert.deepEqual(tokens.refusals, [{ status: 401, wwwAuthenticate: 'Bearer scope="x"', token: 'good' }])
    assert.equal(calls(server), 2)
  })

  test('is not asked without end, however many tokens there are', async context => {
    const tokens = new PlayedTokens('good')
    const { server, ask } = await talking(context, tokens, exchange => refuseUnless('none is', exchange))
    tokens.onRefused = () => 'again'
    const reply = await ask('any')
    assert.match(reply.is === 'broken' ? reply.why : '', /HTTP 401/)
    assert.equal(calls(server), 3)
  })

  test('that needs a person has done nothing, and the session goes on', async context => {
    const tokens = new PlayedTokens('good')
    const { ask } = await talking(context, tokens, exchange => refuseUnless('better', exchange))
    const reply = await ask('any')
    assert.ok(reply.is === 'broken')
    assert.deepEqual(
      [reply.sent, reply.retryable, reply.fault?.code],
      [false, false, 'UPSTREAM_AUTHORIZATION_REQUIRED'],
    )
    tokens.current = 'better'
    assert.equal((await ask('any')).is, 'result')
  })

  test('may refuse for reasons of its own, which pass as they came', async context => {
    const tokens = new PlayedTokens('good')
    tokens.onRefused = () => 'other'
    const { ask } = await talking(context, tokens, ({ message, response }) => {
      if (message.method !== 'tools/call') return false
      response.writeHead(403).end()
    })
    const reply = await ask('any')
    assert.deepEqual(reply.is === 'broken' && [reply.sent, reply.fault], [true, undefined])
  })

  test('is not asked while there is no token to be had, and the call may be repeated', async context => {
    const tokens = new PlayedTokens('good')
    const { server, ask } = await talking(context, tokens, () => false)
    tokens.trouble = fault('UPSTREAM_UNREACHABLE', { server: 'fixture', why: 'its authorization server is away' })
    const reply = await ask('any')
    assert.deepEqual(reply.is === 'broken' && [reply.sent, reply.retryable, reply.why], [
      false,
      true,
      'its authorization server is away',
    ])
    assert.equal(calls(server), 0)
  })

  test('is not sent a call that was given up before its token came', async context => {
    const tokens = new PlayedTokens('good')
    const { server, ask } = await talking(context, tokens, () => false)
    const giveUp = new AbortController()
    tokens.onAsked = () => giveUp.abort()
    assert.equal((await ask('any', {}, giveUp.signal)).is, 'broken')
    tokens.onAsked = () => undefined
    await ask('other')
    assert.equal(calls(server), 1)
  })

  for (const transport of ['streamable-http', 'sse'] as const) {
    test(`lets nobody open a connection by ${transport}, and that is said in so many words`, async context => {
      const server = await scriptedServer(exchange => refuseUnless('better', exchange, true))
      context.after(() => server.stop())
      const target = { ...networkTarget(transport, server.url), values: {}, authorization: new PlayedTokens(null) }
      const opening = mcpConnector({ environment: {} }).open(
        target,
        { onListChanged: () => undefined },
        AbortSignal.timeout(10_000),
      )
      await assert.rejects(opening, { code: 'UPSTREAM_AUTHORIZATION_REQUIRED' })
      assert.equal(server.seen.length, 1)
    })
  }
})

class PlayedTokens implements Authorization {
  current: string | null
  trouble: Error | null = null
  onAsked: () => void = () => undefined
  onRefused: () => Remedy = () => 'needed'
  readonly refusals: Challenge[] = []

  constructor(current: string | null) {
    this.current = current
  }

  async token(): Promise<string | null> {
    this.onAsked()
    if (this.trouble !== null) throw this.trouble
    return this.current
  }

  async refused(challenge: Challenge): Promise<Remedy> {
    this.refusals.push(challenge)
    return this.onRefused()
  }

  required() {
    return fault('UPSTREAM_AUTHORIZATION_REQUIRED', { server: 'fixture', why: 'it wants a person' })
  }
}

async function talking(
  context: TestContext,
  authorization: Authorization,
  script: (exchange: Exchange) => false | void,
) {
  const server = await scriptedServer(script)
  context.after(() => server.stop())
  const target: Target = { ...networkTarget('streamable-http', server.url), values: {}, authorization }
  return { server, ...(await opened(context, target, streamableHttpTransport)) }
}

/** Calls, or everything, are refused without this token. */
function refuseUnless(token: string, exchange: Exchange, everything = false): false | void {
  const { request, response, message } = exchange
  if (!everything && message.method !== 'tools/call') return false
  if (request.headers.authorization === `Bearer ${token}`) return polite(exchange)
  response.writeHead(401, { 'www-authenticate': ['Basic realm="x"', 'Bearer scope="x"'] }).end()
}

function calls({ seen }: ScriptedServer): number {
  return seen.filter(({ method }) => method === 'tools/call').length
}
