import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { connect } from 'node:tls'
import { describe, test } from 'node:test'
import { type Cluster, joinCluster } from '../../apps/castellan/src/adapters/connector-cluster/index.ts'
import { abilities } from '../../apps/castellan/src/adapters/connector-mcp/fixtures/abilities.ts'
import { nodeTarget, stdioTarget } from '../../apps/castellan/src/adapters/connector-mcp/fixtures/stdio-target.ts'
import { mcpConnector } from '../../apps/castellan/src/adapters/connector-mcp/index.ts'
import { SqliteDatabase } from '../../apps/castellan/src/adapters/store-sql/sqlite/sqlite-database.ts'
import { type Stores, storesOver } from '../../apps/castellan/src/adapters/store-sql/stores.ts'
import { temporaryFolder } from '../../apps/castellan/src/adapters/store-sql/testing/temporary-folder.ts'
import {
  allowedCall,
  type ConnectorFixture,
  connectorSuite,
  eventually,
} from '../../apps/castellan/src/gate/connector.testsuite.ts'
import {
  type Connector,
  type GoOn,
  type Link,
  type LinkEvents,
  type Target,
  Upstreams,
} from '../../apps/castellan/src/gate/index.ts'
import { systemClock } from '../../apps/castellan/src/kernel/index.ts'
import type { Server } from '../../apps/castellan/src/registry/index.ts'
import { aServer } from '../../apps/castellan/src/registry/fixtures/server.ts'

const mcp = mcpConnector({ environment: process.env })
const quiet: LinkEvents = { onListChanged: () => undefined }
const nobodyListens = { wants: nobody, hear: nobody }
const secrets = { API_KEY: 'sk-very-secret-0123456789' }

for (const era of ['legacy', 'modern'])
  await connectorSuite(`a stdio server that another node runs and that speaks ${era},`, () => neighbours(era))

describe('a node that runs a server for others', { timeout: 60_000 }, () => {
  test('is not spoken to without the key, nor under another one', async () => {
    await using pair = await twoNodes()
    const { target } = await pair.opened(serverThatSpeaks('legacy'))
    const address = await pair.address(target)
    const [host, port] = address.split(':')
    const psk = {
      ciphers: 'ECDHE-PSK-CHACHA20-POLY1305',
      maxVersion: 'TLSv1.2',
      checkServerIdentity: () => undefined,
    } as const
    for (const way of [
      {},
      { ...psk, pskCallback: () => ({ psk: randomBytes(32), identity: 'k' }) },
      { ...psk, pskCallback: () => ({ psk: randomBytes(32), identity: 'another' }) },
    ]) {
      const socket = connect({ host, port: Number(port), rejectUnauthorized: false, ...way })
      const said = await new Promise(resolve => {
        socket
          .on('error', () => undefined)
          .on('secureConnect', () => resolve('let in'))
          .on('close', () => resolve('refused'))
      })
      assert.equal(said, 'refused')
      socket.destroy()
    }
  })

  test('sends away who takes it for an owner that it is no more, and who comes finds the next one', async () => {
    await using pair = await twoNodes()
    const { target } = await pair.opened(serverThatSpeaks('legacy'))
    const link = await pair.guest.connector(mcp).open(target, quiet, AbortSignal.timeout(10_000))
    await link.probe(AbortSignal.timeout(10_000))

    await pair.upstreams.handOver()

    assert.match(await link.closed, /not run here any more/)
    const call = allowedCall(target, echo, { text: 'x' })
    const late = await link.call(call, { signal: AbortSignal.timeout(10_000), onProgress: null, client: null })
    assert.deepEqual(late.is === 'broken' && [late.sent, late.retryable, late.ours], [false, true, true])
    const own = await pair.guest.connector(mcp).open(target, quiet, AbortSignal.timeout(10_000))
    await own.probe(AbortSignal.timeout(10_000))
    assert.equal((await pair.owner()).node, 'the guest')
    await own.close()
  })

  test('sends nothing once its lease may be over', async () => {
    await using pair = await twoNodes({ lease: 300 })
    pair.holdUp()
    const { target } = await pair.opened(serverThatSpeaks('legacy'))
    const io = { signal: AbortSignal.timeout(10_000), onProgress: null, client: null }
    const call = allowedCall(target, echo, { text: 'x' })
    await eventually('it refuses', async () => {
      const reply = await pair.upstreams.call(call, io)
      return reply.is === 'broken' && !reply.sent && reply.ours === true && /another node/.test(reply.why)
    })
    pair.goOn()
    await eventually(
      'it goes on, since nobody took over',
      async () => (await pair.upstreams.call(call, io)).is === 'result',
    )
  })
})

describe('a call that waits on another node for its client', { timeout: 60_000 }, () => {
  const back = { id: 'waiting', responses: { name: { action: 'accept' } }, progressToken: 7 }

  test('goes on there with what the client says, and what it is told meanwhile comes back', async () => {
    await using pair = await twoNodes({
      back: async (given, say) => {
        say('half way')
        return { is: 'done', result: { given: { ...given } } }
      },
    })
    const told: string[] = []
    const wentOn = await pair.guest.goOn(pair.host.address, back, text => told.push(text), new AbortController().signal)
    assert.deepEqual([wentOn, told], [{ is: 'done', result: { given: back } }, ['half way']])
  })

  test('is given up there when its client goes away', async () => {
    const gone = Promise.withResolvers<void>()
    const leaving = new AbortController()
    await using pair = await twoNodes({
      back: async (_back, _say, signal) => {
        signal.addEventListener('abort', () => gone.resolve())
        leaving.abort()
        await gone.promise
        return { is: 'unknown' }
      },
    })
    assert.deepEqual(await pair.guest.goOn(pair.host.address, back, () => undefined, leaving.signal), { is: 'lost' })
    await gone.promise
  })

  test('is lost with its node once it was handed over, and unknown where nobody is', async () => {
    await using pair = await twoNodes({
      back: async () => {
        await pair.host.close()
        return { is: 'unknown' }
      },
    })
    const { address } = pair.host
    const goOn = () => pair.guest.goOn(address, back, () => undefined, new AbortController().signal)
    assert.deepEqual(await goOn(), { is: 'lost' })
    assert.deepEqual(await goOn(), { is: 'unknown' })
    assert.deepEqual(await pair.guest.goOn('no address', back, () => undefined, new AbortController().signal), {
      is: 'unknown',
    })
  })
})

const echo = {
  server: 'fixture',
  primitive: 'tool',
  name: 'echo',
  definition: { name: 'echo', inputSchema: { type: 'object' } },
  digest: 'sha256:0',
  impliedEffect: null,
} as const

function serverThatSpeaks(era: string): Server {
  const { connection } = nodeTarget('stdio-server.ts', [era])
  return aServer({ connection })
}

async function neighbours(era: string): Promise<ConnectorFixture> {
  const pair = await twoNodes()
  const { target } = await pair.opened(serverThatSpeaks(era))
  const hops = new Set<Link>()
  const through = pair.guest.connector(mcp)
  const counted: Connector = {
    transports: through.transports,
    async open(...given) {
      const link = await through.open(...given)
      hops.add(link)
      void link.closed.then(() => hops.delete(link))
      return link
    },
  }
  const nowhere = stdioTarget('sk-very-secret-command', [], { values: { API_KEY: 'sk-very-secret-command' } })
  return {
    ...abilities,
    connector: counted,
    target: { ...target, values: secrets },
    unreachable: { ...nowhere, pool: 'fixture nowhere' },
    leftovers: async () => [...hops].map(() => 'a hop'),
    stop: async () => pair[Symbol.asyncDispose](),
  }
}

interface Pair extends AsyncDisposable {
  readonly host: Cluster
  readonly guest: Cluster
  readonly upstreams: Upstreams
  /** Has the owner start it, and says what a guest would connect to. */
  opened(server: Server): Promise<{ readonly target: Target & { readonly pool: string } }>
  address(target: Target): Promise<string>
  owner(): Promise<{ readonly node: string }>
  /** The owner's leases are not renewed until it may go on. */
  holdUp(): void
  goOn(): void
}

function nobody(): never {
  assert.fail('nobody was to be asked')
}

/** An owner and a guest on one store. */
async function twoNodes({
  lease = 6_000,
  back = nobody,
}: { readonly lease?: number; readonly back?: GoOn } = {}): Promise<Pair> {
  const folder = temporaryFolder()
  const database = await SqliteDatabase.open({ folder: folder.path, clock: systemClock })
  const psk = randomBytes(32)
  const keys = { current: 'k', get: (name: string) => (name === 'k' ? psk : undefined) }
  const names = new Map<string, string>()
  let held = Promise.resolve()
  let goOn = () => {}
  const node = (name: string) => {
    const { nodes, owners }: Stores = storesOver(database)
    names.set(nodes.id, name)
    return {
      node: nodes.id,
      owners: { ...owners, renew: async (lease: number) => (await held, owners.renew(lease)) },
      keys,
      listen: { host: '127.0.0.1', port: 0, address: null },
      clock: systemClock,
      lease,
      onTakenOver: () => undefined,
      onBug: (error: unknown) => assert.fail(error as Error),
    }
  }
  let known: Server | null = null
  let target: (Target & { readonly pool: string }) | null = null
  const host = await joinCluster({
    ...node('the host'),
    home: {
      goOn: back,
      onBehalf: (...given) => upstreams.onBehalf(...given),
      callOnBehalf: (...given) => upstreams.callOnBehalf(...given),
      unwatch: (...given) => upstreams.unwatch(...given),
      listening: nobodyListens,
    },
  })
  const through = host.connector(mcp)
  const upstreams: Upstreams = new Upstreams({
    connectors: [
      {
        transports: ['stdio'],
        open: (given, ...rest) => {
          target = given as Target & { readonly pool: string }
          return through.open(given, ...rest)
        },
      },
    ],
    servers: () => (known ? [known] : []),
    resolveSecrets: async () => secrets,
    clock: systemClock,
    maxOpenings: 4,
    onListChanged: (serverId, list) => host.listChanged(serverId, list),
    onOpened: () => undefined,
    onResourceUpdated: (serverId, uri) => host.resourceUpdated(serverId, uri),
    onLog: () => undefined,
  })
  const guest = await joinCluster({
    ...node('the guest'),
    home: { goOn: nobody, onBehalf: nobody, callOnBehalf: nobody, unwatch: nobody, listening: nobodyListens },
  })
  const asker = storesOver(database).owners
  return {
    host,
    guest,
    upstreams,
    async opened(server) {
      known = server
      await upstreams.discover(server, AbortSignal.timeout(10_000))
      return { target: target! }
    },
    address: async ({ pool }) => (await asker.claim(pool!, '', 0)).address,
    owner: async () => ({ node: names.get((await asker.claim(target!.pool, '', 0)).node)! }),
    holdUp: () => {
      const { promise, resolve } = Promise.withResolvers<void>()
      ;[held, goOn] = [promise, resolve]
    },
    goOn: () => goOn(),
    async [Symbol.asyncDispose]() {
      goOn()
      await guest.close()
      await upstreams.close()
      await host.close()
      await database.close()
      folder[Symbol.dispose]()
    },
  }
}
