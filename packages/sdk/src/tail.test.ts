import assert from 'node:assert/strict'
import { createServer, request } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { type ControlPlane, controlPlane, until } from '../../../tests/support/control-plane.ts'
import { CastellanClient } from './index.ts'

let castellan: ControlPlane
before(async () => {
  castellan = await controlPlane()
})
after(() => castellan[Symbol.asyncDispose]())

const grant = { to: { role: 'member' }, server: 'x', primitive_type: 'tool', name: 'y' }
const add = () => castellan.ask<{ id: string }>('POST', '/api/grants', grant)

describe('a tail of the journal', () => {
  test('goes on over broken connections without a gap or a repetition, also when nothing had come yet', async () => {
    await using line = await cuttableLine(castellan.url)
    const leaving = new AbortController()
    const client = new CastellanClient({ url: line.url, key: castellan.key })
    const seen: string[] = []
    const listening = (async () => {
      for await (const event of client.journal.tail({ topic: 'grant.created' }, leaving.signal))
        seen.push(event.subject)
    })()
    await line.opened(1)
    const expected: string[] = []
    for (let round = 1; round <= 3; round++) {
      line.cut()
      // Nobody is listening while these are written.
      for (let count = 0; count < 3; count++) expected.push(`grant:${(await add()).id}`)
      await line.opened(round + 1)
    }
    await until(
      'all events',
      () => seen.length,
      length => length >= expected.length,
    )
    assert.deepEqual(seen, expected)
    leaving.abort()
    await listening
  })

  test('ends when its signal says so, also while it waits to try again', async () => {
    const line = await cuttableLine(castellan.url)
    const leaving = new AbortController()
    const client = new CastellanClient({ url: line.url, key: castellan.key })
    const next = client.journal.tail({}, leaving.signal).next()
    await line.opened(1)
    await line[Symbol.asyncDispose]()
    leaving.abort()
    assert.equal((await next).done, true)
  })

  test('throws what trying again would not mend', async () => {
    const { signal } = new AbortController()
    const bad = new CastellanClient({ url: castellan.url, key: 'no key' })
    await assert.rejects(bad.journal.tail({}, signal).next(), { code: 'UNAUTHENTICATED' })
    const gone = new CastellanClient({ url: 'http://127.0.0.1:9', key: 'x' })
    await assert.rejects(gone.journal.tail({}, signal).next(), { name: 'Unreachable' })
    const client = new CastellanClient(castellan)
    await assert.rejects(client.journal.tail({ topic: '..' }, signal).next(), { code: 'REQUEST_INVALID' })
  })

  test('that nobody listens to any more closes its connection', async () => {
    await using line = await cuttableLine(castellan.url)
    const client = new CastellanClient({ url: line.url, key: castellan.key })
    for await (const _ of client.journal.tail({ after: 0 }, new AbortController().signal)) break
    await line.allClosed()
  })
})

interface Line extends AsyncDisposable {
  readonly url: string
  /** Breaks every connection. */
  cut(): void
  /** Resolves when so many answers have begun since the start. */
  opened(count: number): Promise<void>
  allClosed(): Promise<void>
}

/** A way to a control plane that can break. */
async function cuttableLine(target: string): Promise<Line> {
  const sockets = new Set<Socket>()
  let answers = 0
  const changed: (() => void)[] = []
  const tell = () => {
    for (const look of changed.splice(0)) look()
  }
  const server = createServer((asked, answer) => {
    const onward = request(new URL(asked.url ?? '/', target), {
      headers: { ...asked.headers, host: new URL(target).host },
    })
    onward.on('response', response => {
      answer.writeHead(response.statusCode ?? 0, response.headers)
      // Not before the client has it: what was cut earlier would be an answer that never began.
      response.once('data', () => setImmediate(() => (answers++, tell())))
      response.pipe(answer)
      response.on('error', () => answer.destroy())
    })
    onward.on('error', () => answer.destroy())
    answer.on('close', () => onward.destroy())
    onward.end()
  })
  server.on('connection', socket => {
    sockets.add(socket)
    socket.on('close', () => (sockets.delete(socket), tell()))
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  const when = async (isSo: () => boolean) => {
    while (!isSo()) await new Promise<void>(done => changed.push(done))
  }
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut: () => sockets.forEach(socket => socket.destroy()),
    opened: count => when(() => answers >= count),
    allClosed: () => when(() => sockets.size === 0),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise(done => server.close(done))
    },
  }
}
