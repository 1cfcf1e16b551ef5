import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { type ControlPlane, controlPlane, until } from '../../../../../tests/support/control-plane.ts'
import { hire } from './fixtures/people.ts'

let castellan: ControlPlane
before(async () => {
  castellan = await controlPlane()
})
after(() => castellan[Symbol.asyncDispose]())

describe('the journal tail', () => {
  test('begins with the offset it starts from, and shows what comes after it', async () => {
    await using stream = await open('/api/journal/tail?topic=grant.>')
    const [start] = await stream.until(seen => seen.length > 0)
    await grant()
    const [, event] = await stream.until(seen => seen.length > 1)
    assert.match(start!, /^id: \d+$/)
    assert.match(event!, /^id: \d+\nevent: grant\.created\ndata: \{"specversion":"1\.0"/)
    assert.ok(idOf(event!) > idOf(start!))
  })

  test('resumes after Last-Event-ID, which outranks the query', async () => {
    await grant()
    const { items } = await castellan.ask<{ items: { offset: number }[] }>('GET', '/api/journal?topic=grant.created')
    const { offset } = items.at(-1)!
    await using stream = await open('/api/journal/tail?topic=grant.created&after=0', {
      'Last-Event-ID': String(offset - 1),
    })
    const [, event] = await stream.until(seen => seen.length > 1)
    assert.equal(idOf(event!), offset)
  })

  test('takes a Last-Event-ID that is none for absent', async () => {
    await using stream = await open('/api/journal/tail?after=0', { 'Last-Event-ID': 'x; y' })
    const [start] = await stream.until(seen => seen.length > 1)
    assert.equal(start, 'id: 0')
  })

  test('shows that it lives, and ends with the credentials it was opened with', async t => {
    t.mock.timers.enable({ apis: ['setInterval'] })
    const { key, keyId } = await hire(castellan, { roles: ['auditor'] })
    await using stream = await open('/api/journal/tail?topic=nothing', {}, key)
    await stream.until(seen => seen.length > 0)
    t.mock.timers.tick(15_000)
    await stream.until(seen => seen.includes(': still here'))
    assert.equal(stream.ended(), false)

    await castellan.ask('DELETE', `/api/keys/${keyId}`)
    t.mock.timers.tick(15_000)
    await until(
      'the end of the stream',
      () => stream.ended(),
      ended => ended,
    )
  })

  test('of a reader that does not read waits, and loses nothing', async () => {
    await using stream = await open('/api/journal/tail?topic=grant.created&after=0')
    await stream.until(seen => seen.length > 0)
    stream.pause()
    for (let round = 0; round < 40; round++) await Promise.all(Array.from({ length: 25 }, grant))
    stream.resume()
    const seen = await stream.until(all => all.length >= 1_001)
    const ids = seen.map(idOf)
    assert.deepEqual(
      ids,
      ids.toSorted((a, b) => a - b),
    )
    assert.equal(new Set(ids).size, ids.length)
  })
})

test('a control plane with open tails stops at once, and they end', async () => {
  const own = await controlPlane()
  try {
    const streams = await Promise.all([1, 2, 3].map(() => open('/api/journal/tail?after=0', {}, own.key, own.url)))
    for (const stream of streams) await stream.until(seen => seen.length > 0)
    const started = performance.now()
    await own.stop()
    assert.ok(performance.now() - started < 5_000)
    for (const stream of streams)
      await until(
        'the end of a stream',
        () => stream.ended(),
        ended => ended,
      )
    assert.deepEqual(
      own.log.filter(line => line.includes('"bug"')),
      [],
    )
  } finally {
    await own[Symbol.asyncDispose]()
  }
})

function grant(): Promise<unknown> {
  return castellan.ask('POST', '/api/grants', {
    to: { role: 'member' },
    server: 'x',
    primitive_type: 'tool',
    name: 'y',
  })
}

function idOf(message: string): number {
  return Number(/^id: (\d+)/.exec(message)?.[1])
}

interface Stream extends AsyncDisposable {
  /** The messages so far, once they are as wished. */
  until(isSo: (messages: readonly string[]) => boolean): Promise<readonly string[]>
  ended(): boolean
  pause(): void
  resume(): void
}

/** Over a bare socket, so that not reading is really not reading. */
async function open(
  path: string,
  headers: Readonly<Record<string, string>> = {},
  key = castellan.key,
  url = castellan.url,
): Promise<Stream> {
  const { host, hostname, port } = new URL(url)
  const { promise, resolve, reject } = Promise.withResolvers<Socket>()
  const socket = connect(Number(port), hostname, () => resolve(socket))
  socket.on('error', reject)
  let text = ''
  let ended = false
  socket.on('data', chunk => (text += chunk.toString()))
  socket.on('close', () => (ended = true))
  await promise
  const lines = Object.entries({ Host: host, Authorization: `Bearer ${key}`, ...headers }).map(each => each.join(': '))
  // HTTP/1.0: no chunks to take apart.
  socket.write(`GET ${path} HTTP/1.0\r\n${lines.join('\r\n')}\r\n\r\n`)
  const messages = () => {
    const [, body = ''] = text.split('\r\n\r\n')
    return body.split('\n\n').slice(0, -1)
  }
  return {
    until: isSo => until('the messages', messages, isSo),
    ended: () => ended,
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    async [Symbol.asyncDispose]() {
      socket.destroy()
      if (!ended) await new Promise(done => socket.once('close', done))
    },
  }
}
