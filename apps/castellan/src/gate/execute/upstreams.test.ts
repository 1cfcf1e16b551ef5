import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { manualClock } from '../../kernel/index.ts'
import type { Server } from '../../registry/index.ts'
import { aServer } from '../../registry/fixtures/server.ts'
import type { CallerClient, CallIo, Reply } from '../connector.ts'
import { aCall, allowed } from '../fixtures/call.ts'
import { type Scripted, scriptedConnector } from '../fixtures/scripted-connector.ts'
import { Upstreams } from './upstreams.ts'

const two = aServer({ connection: { transport: 'stdio', command: 'x', args: [], cwd: null, env: {}, replicas: 2 } })
const io = (): CallIo => ({ signal: new AbortController().signal, onProgress: null, client: null })

function build(connector: Scripted = scriptedConnector()) {
  const clock = manualClock()
  const updated: string[] = []
  const upstreams = new Upstreams({
    connectors: [connector],
    resolveSecrets: async () => ({}),
    clock,
    maxOpenings: 2,
    onListChanged: () => undefined,
    onResourceUpdated: (_server, uri) => updated.push(uri),
    onOpened: () => undefined,
    onLog: () => undefined,
  })
  const call = (server: Server) => upstreams.call(allowed(aCall({ server })), io())
  const subscribe = (server: Server, uri: string) =>
    upstreams.call(allowed(aCall({ server, method: 'resources/subscribe', args: { uri } })), io())
  return { clock, connector, upstreams, call, subscribe, updated }
}

/** Replies that wait until they are let go, in order of arrival. */
function held(connector: Scripted) {
  const waiting: (() => void)[] = []
  connector.reply = () => new Promise<Reply>(resolve => waiting.push(() => resolve({ is: 'result', result: {} })))
  return waiting
}

async function until(condition: () => boolean): Promise<void> {
  for (let turns = 0; !condition(); turns++) {
    assert.ok(turns < 1_000, 'the condition never came true')
    await new Promise(resolve => setImmediate(resolve))
  }
}

describe('connections', () => {
  test('open when first needed, once for calls that come together', async () => {
    const { connector, call } = build()
    assert.equal(connector.opened.length, 0)
    await Promise.all([call(aServer()), call(aServer()), call(aServer())])
    assert.equal(connector.opened.length, 1)
  })

  test('open again after the server went away', async () => {
    const { connector, call } = build()
    await call(aServer())
    connector.opened[0]!.drop('exit 1')
    await until(() => true)
    assert.equal((await call(aServer())).is, 'result')
    assert.equal(connector.opened.length, 2)
  })

  test('that cannot be opened are tried again only after a rest, and the call learns that nothing was sent', async () => {
    const { clock, connector, call } = build()
    connector.down.add(0)
    const first = await call(aServer())
    connector.down.clear()
    const second = await call(aServer())
    clock.advance(60_000)
    const third = await call(aServer())
    assert.deepEqual([first.is, first.is === 'broken' && first.sent], ['broken', false])
    assert.equal(second.is, 'broken')
    assert.equal(third.is, 'result')
  })

  test('close when nobody used them for a while, and not while they are used', async () => {
    const { clock, connector, upstreams, call } = build()
    const waiting = held(connector)
    const calling = call(aServer())
    await until(() => waiting.length === 1)
    clock.advance(1_000)
    await upstreams.closeIdle(500)
    assert.equal(upstreams.openLinks(aServer().id), 1)
    waiting[0]!()
    await calling
    clock.advance(1_000)
    await upstreams.closeIdle(500)
    assert.equal(upstreams.openLinks(aServer().id), 0)
  })

  test('of a removed server close after the calls under way have ended', async () => {
    const { connector, upstreams, call } = build()
    const waiting = held(connector)
    const calling = call(aServer())
    await until(() => waiting.length === 1)
    let forgotten = false
    const forgetting = upstreams.forget(aServer().id).then(() => (forgotten = true))
    await until(() => true)
    assert.equal(forgotten, false)
    waiting[0]!()
    assert.equal((await calling).is, 'result')
    await forgetting
  })

  test('survive a change that does not concern them', async () => {
    const { connector, upstreams, call } = build()
    await call(aServer())
    const renamed = aServer({ description: 'new', version: 2 })
    await upstreams.forget(renamed.id, renamed)
    await call(renamed)
    assert.equal(connector.opened.length, 1)
  })
})

describe('a server that gives each client a connection of its own', () => {
  const apart = aServer({ perClient: true })
  const aClient = (id: string, takesInputRequired = false): CallerClient => ({
    id,
    capabilities: { elicitation: { form: {} }, roots: { listChanged: true }, experimental: {} },
    logLevel: null,
    takesInputRequired,
    notify: () => undefined,
    ask: async () => ({ is: 'result', result: {} }),
  })
  const by = (upstreams: Upstreams, client: CallerClient | null) =>
    upstreams.call(allowed(aCall({ server: apart })), { ...io(), client })

  test('announces what that client can do, and no other reaches it there', async () => {
    const { connector, upstreams } = build()
    await Promise.all([by(upstreams, aClient('a')), by(upstreams, aClient('b')), by(upstreams, aClient('a'))])
    await by(upstreams, null)
    assert.equal(connector.opened.length, 3)
    const announced = connector.opened.map(({ target }) => target.announces)
    assert.deepEqual(announced[0], { elicitation: { form: {} }, roots: {} })
    assert.deepEqual(announced[2], { elicitation: { form: {}, url: {} }, sampling: {} })
  })

  test('lets clients without sessions have what was opened for their principal one after the other', async () => {
    const { connector, upstreams } = build()
    await by(upstreams, aClient('call 1', true))
    await by(upstreams, aClient('call 2', true))
    assert.equal(connector.opened.length, 1)
    const waiting = held(connector)
    const calling = [by(upstreams, aClient('call 3', true)), by(upstreams, aClient('call 4', true))]
    await until(() => waiting.length === 2)
    assert.equal(connector.opened.length, 2)
    for (const go of waiting) go()
    await Promise.all(calling)
  })

  test('closes connections of clients that are gone, and forgets them', async () => {
    const { clock, connector, upstreams } = build()
    await by(upstreams, aClient('a'))
    clock.advance(61_000)
    await upstreams.closeIdle(600_000)
    assert.equal(upstreams.openLinks(apart.id), 0)
    await by(upstreams, aClient('a'))
    assert.equal(connector.opened.length, 2)
    await upstreams.forget(apart.id)
    assert.equal(upstreams.openLinks(apart.id), 0)
  })

  test('closes what a session had when it ends, once its calls are through', async () => {
    const { connector, upstreams } = build()
    await by(upstreams, aClient('b'))
    const waiting = held(connector)
    const calling = by(upstreams, aClient('a'))
    await until(() => waiting.length === 1)
    assert.equal(upstreams.openLinks(apart.id), 2)
    const leaving = upstreams.leave('a')
    waiting[0]!()
    assert.equal((await calling).is, 'result')
    await leaving
    assert.equal(upstreams.openLinks(apart.id), 1)
  })

  test('has room for a number of clients: who is not at it makes way, and when all are the newcomer is told to come back', async () => {
    const { connector, upstreams } = build()
    for (let number = 0; number < 70; number++) await by(upstreams, aClient(`${number}`))
    await until(() => upstreams.openLinks(apart.id) <= 64)
    const waiting = held(connector)
    const calling = Array.from({ length: 64 }, (_, number) => by(upstreams, aClient(`busy ${number}`)))
    await until(() => waiting.length === 64)
    const late = await by(upstreams, aClient('late'))
    assert.deepEqual(
      [late.is, late.is === 'broken' && late.sent, late.is === 'broken' && late.retryable],
      ['broken', false, true],
    )
    waiting[0]!()
    await calling[0]
    const again = by(upstreams, aClient('late'))
    await until(() => waiting.length === 65)
    for (const go of waiting) go()
    assert.equal((await again).is, 'result')
    await Promise.all(calling)
  })

  test('has all of them closed with it', async () => {
    const { upstreams } = build()
    await Promise.all([by(upstreams, aClient('a')), by(upstreams, null)])
    await upstreams.close()
    assert.equal(upstreams.openLinks(apart.id), 0)
  })
})

describe('replicas', () => {
  test('share the calls: the least loaded one takes the next', async () => {
    const { connector, call } = build()
    const waiting = held(connector)
    const calls = [call(two), call(two), call(two), call(two)]
    await until(() => waiting.length === 4)
    const loads = connector.opened.map(link => link.target.replica).toSorted()
    assert.deepEqual(loads, [0, 1])
    for (const go of waiting) go()
    await Promise.all(calls)
  })

  test('that are down are left out while another is well', async () => {
    const { connector, call } = build()
    connector.down.add(0)
    const replies = []
    for (let index = 0; index < 6; index++) replies.push(await call(two))
    // One call finds out; after it nobody is sent there until the rest is over.
    assert.equal(replies.filter(reply => reply.is === 'broken').length, 1)
  })

  test('that broke a call are left out while another is well, and tried again later', async () => {
    const { clock, connector, call } = build()
    const broken: Reply = { is: 'broken', sent: true, retryable: true, retryAfter: null, why: 'connection reset' }
    connector.reply = ({ replica }) => (replica === 0 ? broken : { is: 'result', result: {} })
    const brokenOf = async (calls: number) => {
      const replies = []
      for (let index = 0; index < calls; index++) replies.push(await call(two))
      return replies.filter(reply => reply.is === 'broken').length
    }
    assert.equal(await brokenOf(6), 1)
    clock.advance(250)
    assert.equal(await brokenOf(6), 1)
    connector.reply = () => ({ is: 'result', result: {} })
    clock.advance(500)
    assert.equal(await brokenOf(6), 0)
  })

  test('that all broke lately are used all the same', async () => {
    const { connector, call } = build()
    const broken: Reply = { is: 'broken', sent: true, retryable: true, retryAfter: null, why: 'connection reset' }
    connector.reply = () => broken
    await Promise.all([call(two), call(two)])
    connector.reply = () => ({ is: 'result', result: {} })
    assert.equal((await call(two)).is, 'result')
  })

  test('make a server well as long as one of them is', async () => {
    const { connector, upstreams } = build()
    connector.down.add(1)
    await upstreams.probe(two, new AbortController().signal)
    connector.down.add(0)
    await upstreams.forget(two.id)
    await assert.rejects(upstreams.probe(two, new AbortController().signal), { code: 'UPSTREAM_UNREACHABLE' })
  })
})

describe('a server with all its places taken', () => {
  test('lets a call wait for its turn and then refuses it, saying that nothing was sent', async () => {
    const { connector, call } = build()
    const waiting = held(connector)
    const server = aServer({ maxConcurrent: 1, timeouts: { ...aServer().timeouts, pool: 20 } })
    const first = call(server)
    await until(() => waiting.length === 1)
    const second = await call(server)
    assert.deepEqual([second.is, second.is === 'broken' && second.sent], ['broken', false])
    waiting[0]!()
    assert.equal((await first).is, 'result')
  })
})

test('nothing opens any more once everything was closed', async () => {
  const { connector, upstreams, call } = build()
  await upstreams.close()
  const reply = await call(aServer())
  assert.deepEqual([reply.is, reply.is === 'broken' && reply.sent], ['broken', false])
  await assert.rejects(upstreams.discover(aServer(), AbortSignal.timeout(1_000)), { code: 'SHUTTING_DOWN' })
  assert.equal(connector.opened.length, 0)
})

describe('a watched resource', () => {
  test('is heard of when it changes, keeps its connection, and is let go at its server', async () => {
    const { clock, connector, upstreams, subscribe, updated } = build()
    await subscribe(aServer(), 'file:///a')
    connector.opened[0]!.update('file:///a')
    clock.advance(60_000)
    await upstreams.closeIdle(1_000)
    assert.deepEqual(updated, ['file:///a'])
    assert.equal(upstreams.openLinks(aServer().id), 1)
    upstreams.unwatch(aServer().id, 'file:///a')
    await upstreams.closeIdle(1_000)
    assert.deepEqual(connector.opened[0]!.unwatched, ['file:///a'])
    assert.equal(upstreams.openLinks(aServer().id), 0)
  })

  test('is subscribed to again on a new connection, and may have changed meanwhile', async () => {
    const { connector, call, subscribe, updated } = build()
    const asked: string[] = []
    connector.reply = (_target, { call: { method } }) => {
      asked.push(method)
      return { is: 'result', result: {} }
    }
    await subscribe(aServer(), 'file:///a')
    connector.opened[0]!.drop('exit 1')
    await until(() => true)
    await call(aServer())
    await until(() => updated.length === 1)
    assert.deepEqual(asked.toSorted(), ['resources/subscribe', 'resources/subscribe', 'tools/call'])
  })
})
