import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer, type TLSSocket } from 'node:tls'
import { describe, test } from 'node:test'
import { until } from '../../../../../tests/support/control-plane.ts'
import { aRun } from '../../runs/fixtures/a-run.ts'
import type { Piece, Spoken } from '../../runs/index.ts'
import { openEar } from './ear.ts'
import { Lines } from './lines.ts'
import type { Asked } from './messages.ts'
import { Reception } from './reception.ts'
import { serverSide } from './shared-key.ts'

describe('a node on which somebody listens', () => {
  test('says what is wanted there and hears it, in order', async () => {
    const heard: [Spoken, Piece][] = []
    await using node = await listeningNode({
      wants: ({ id }) => id === run.id,
      hear: (...piece) => void heard.push(piece),
    })
    const wishes: [string, boolean][] = []
    const closed = Promise.withResolvers<void>()
    const ear = openEar(node.address, { keys }, { onWanted: (...wish) => wishes.push(wish), onClosed: closed.resolve })
    for (const each of [run, aRun()]) ear.ask(each)
    await until('what is wanted is known', () => wishes.length, count => count === 2) // prettier-ignore
    assert.deepEqual(wishes.map(([, isWanted]) => isWanted), [true, false]) // prettier-ignore
    const pieces = Array.from({ length: 100 }, (_, from) => piece(from, 'é'))
    for (const each of pieces) ear.tell(run, each)
    await until('all is heard', () => heard.length, count => count === 100) // prettier-ignore
    assert.deepEqual(heard, pieces.map(each => [run, each])) // prettier-ignore
    ear.close()
    await closed.promise
  })

  test('is let go of once nobody listens there, or it shows no sign of life, or nobody is there', async () => {
    const closed = async (address: string, silence: number, meanwhile = (): unknown => undefined) => {
      const { promise, resolve } = Promise.withResolvers<void>()
      const wanted = Promise.withResolvers<void>()
      const ear = openEar(address, { keys, silence }, { onWanted: () => wanted.resolve(), onClosed: resolve })
      ear.ask(run)
      await Promise.race([wanted.promise, promise])
      meanwhile()
      await promise
    }
    await using node = await listeningNode({ wants: () => true, hear: () => undefined })
    await closed(node.address, 60_000, () => node.reception.sendAway('speaking'))
    await using silent = await silentNode()
    await closed(silent.address, 100)
    await closed('127.0.0.1:1', 60_000)
    await closed('no address', 60_000)
  })

  test('and does not read loses pieces, and holds nobody up', async () => {
    await using silent = await silentNode()
    const ear = openEar(
      silent.address,
      { keys, silence: 60_000 },
      { onWanted: () => undefined, onClosed: () => undefined },
    )
    const socket = await silent.socket
    const text = 'm'.repeat(1_000_000)
    for (let count = 0; count < MEGABYTES; count++) ear.tell(run, piece(count, text))
    const heard: Asked['is'][] = []
    new Lines(socket, said => heard.push((said as Asked).is))
    socket.resume()
    await until('it is asked', () => (ear.ask(run), heard.includes('speaks')), isAsked => isAsked) // prettier-ignore
    const pieces = heard.filter(is => is === 'piece').length
    assert.ok(pieces > 0 && pieces < MEGABYTES / 2, `${pieces} of ${MEGABYTES} waited for it`)
    ear.close()
  })
})

/** More than lies between two sockets of one machine. */
const MEGABYTES = 40

const run: Spoken = { id: 'run', tenant: 'acme', session: null }
const key = randomBytes(32)
const keys = { current: 'k', get: (name: string) => (name === 'k' ? key : undefined) }

function piece(from: number, text: string): Piece {
  return { run: run.id, step: 'm1.1.1', hold: 1, is: 'text', from, text }
}

async function listeningNode(listening: {
  wants: (run: Spoken) => boolean
  hear: (run: Spoken, piece: Piece) => void
}) {
  const nobody = () => assert.fail('nobody was to be asked')
  const home = { onBehalf: nobody, callOnBehalf: nobody, goOn: nobody, unwatch: nobody, listening }
  const reception = new Reception({ home, keys, isOurs: () => false, pulse: 100, onBug: nobody })
  const port = await reception.listen('127.0.0.1', 0)
  return { reception, address: `127.0.0.1:${port}`, [Symbol.asyncDispose]: () => reception.close() }
}

/** One that lets everybody in and neither reads nor says anything. */
async function silentNode() {
  const come = Promise.withResolvers<TLSSocket>()
  const sockets: TLSSocket[] = []
  const server = createServer(serverSide(keys), socket => {
    sockets.push(socket.on('error', () => undefined))
    come.resolve(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    socket: come.promise,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
