import assert from 'node:assert/strict'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { networkReconSettings } from '@castellan/contracts'
import { fc } from '../../../../../../tests/support/properties.ts'
import type { JsonObject } from '../../../kernel/index.ts'
import { builtIn } from '../fixtures/built-in.ts'
import { AllowList } from './allow-list.ts'
import { addressesOf } from './network.ts'

let quiet: Server
let talking: Server
/** Ports of this machine: of somebody who says nothing, of somebody who does, and of nobody. */
let ports: { readonly quiet: number; readonly talking: number; readonly closed: number }
const connections: number[] = []

before(async () => {
  quiet = createServer(socket => {
    connections.push(portOf(quiet))
    socket.on('error', () => undefined)
  })
  talking = createServer(socket => {
    connections.push(portOf(talking))
    socket.on('error', () => undefined)
    socket.write(`SSH-2.0-OpenSSH_9.6 \u0007${'x'.repeat(10_000)}`)
  })
  const gone = createServer()
  for (const server of [quiet, talking, gone]) await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  ports = { quiet: portOf(quiet), talking: portOf(talking), closed: portOf(gone) }
  await new Promise(done => gone.close(done))
})
after(() => {
  quiet.close()
  talking.close()
})

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port
}

const settings = (more: JsonObject = {}) => ({
  targets: ['127.0.0.0/29'],
  ports: ['1-65535'],
  timeout: '200ms',
  rate: 1_000,
  ...more,
})
const given = () => Object.values(ports).map(String)

describe('what is there', () => {
  test('is found by connecting, and by nothing else', async () => {
    await using recon = await builtIn('network_recon', settings())
    const { address, open, closed, silent } = await recon.structured<Scan>('port_scan', {
      target: '127.0.0.1',
      ports: given(),
    })
    assert.deepEqual(
      [address, open, closed, silent],
      ['127.0.0.1', [ports.quiet, ports.talking].toSorted((a, b) => a - b), [ports.closed], []],
    )
  })

  test('is named by what it says, as far as that can be shown', async () => {
    await using recon = await builtIn('network_recon', settings())
    const { services } = await recon.structured<{ services: JsonObject[] }>('service_detection', {
      target: '127.0.0.1',
      ports: given(),
    })
    const talker = services.find(({ port }) => port === ports.talking)!
    assert.deepEqual([talker['service'], talker['by']], ['ssh', 'banner'])
    assert.match(String(talker['banner']), /^SSH-2\.0-OpenSSH_9\.6 +x+$/)
    assert.ok(String(talker['banner']).length <= 512)
    assert.deepEqual(
      services.find(({ port }) => port === ports.quiet),
      { port: ports.quiet, service: null, by: null, banner: '' },
    )
  })

  test('is found in a network, also where connections are refused', async () => {
    await using recon = await builtIn('network_recon', settings())
    const told = await recon.structured<{ looked_at: number; hosts: JsonObject[] }>('network_discovery', {
      network: '127.0.0.0/30',
      ports: [String(ports.quiet)],
    })
    assert.equal(told.looked_at, 4)
    assert.deepEqual(
      told.hosts.find(({ address }) => address === '127.0.0.1'),
      { address: '127.0.0.1', open: [ports.quiet] },
    )
  })

  test('is told on the way when that is asked for, and given up when it is cancelled', async () => {
    await using recon = await builtIn('network_recon', settings({ rate: 50 }))
    const cancelling = new AbortController()
    const seen: unknown[] = []
    const args = { target: '127.0.0.1', ports: [`${ports.closed}`, '1-200'] }
    const reply = await recon.ask('port_scan', args, {
      signal: cancelling.signal,
      onProgress: params => {
        seen.push(params['total'])
        cancelling.abort()
      },
    })
    assert.deepEqual([reply.is, seen.length > 0], ['broken', true])
  })
})

describe('what was not granted is not looked at', () => {
  for (const [what, tool, args, why] of [
    ['another address', 'port_scan', { target: '127.0.0.9', ports: ['80'] }, /not among the targets/],
    ['the cloud', 'port_scan', { target: '169.254.169.254', ports: ['80'] }, /not among the targets/],
    ['an address with a zone', 'port_scan', { target: 'fe80::1%lo', ports: ['80'] }, /not among the targets/],
    ['a mapped address', 'port_scan', { target: '::ffff:10.0.0.1', ports: ['80'] }, /not among the targets/],
    [
      'a name nobody granted',
      'service_detection',
      { target: 'no.such.name.invalid', ports: ['80'] },
      /not found at one/,
    ],
    ['a number for an address', 'port_scan', { target: '0x7f000009', ports: ['80'] }, /granted/],
    ['another port', 'port_scan', { target: '127.0.0.1', ports: ['79-81'] }, /port 79-81 is not/],
    ['no port', 'port_scan', { target: '127.0.0.1', ports: ['70000'] }, /no port/],
    ['more ports than may be', 'port_scan', { target: '127.0.0.1', ports: ['100-200'] }, /more than 20 ports/],
    [
      'a network that is partly granted',
      'network_discovery',
      { network: '127.0.0.0/28', ports: ['80'] },
      /127\.0\.0\.8 of/,
    ],
    [
      'a larger network than may be',
      'network_discovery',
      { network: '10.0.0.0/8', ports: ['80'] },
      /16777216 addresses/,
    ],
    ['no network', 'network_discovery', { network: 'fe80::/64', ports: ['80'] }, /no network of IPv4/],
  ] as const) {
    test(what, async () => {
      await using recon = await builtIn('network_recon', settings({ ports: ['80', '100-200'], max_ports: 20 }))
      connections.length = 0
      assert.match(await recon.refusal(tool, args), why)
      assert.deepEqual(connections, [])
    })
  }

  test('without an allow-list there is no such server', () => {
    for (const settings of [
      {},
      { targets: [], ports: ['80'] },
      { targets: ['10.0.0.0/8'] },
      { targets: ['*'], ports: ['80'] },
    ]) {
      assert.equal(networkReconSettings.safeParse(settings).success, false)
    }
  })

  test('where clouds hand out keys, even inside of a network that was granted', () => {
    const allowed = new AllowList({ targets: ['0.0.0.0/0', '::/0'], ports: ['80'] })
    assert.deepEqual(
      ['10.1.2.3', '169.254.169.254', '100.100.100.200', 'fd00:ec2::254', '2001:4860:4860::8888'].map(each =>
        allowed.allows(each),
      ),
      [true, false, false, false, true],
    )
  })

  test('a granted name that is found nearby', async () => {
    const allowed = new AllowList({ targets: ['localhost'], ports: ['80'] })
    await assert.rejects(allowed.addressOf('localhost'), /not found at one/)
  })

  test('whatever network is asked for, its addresses are those of the network', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.integer({ min: 24, max: 32 }), (base, bits) => {
        const addresses = addressesOf(`${base}/${bits}`, 256)
        assert.equal(new Set(addresses).size, 2 ** (32 - bits))
        assert.ok(addresses.includes(base))
        const allowed = new AllowList({ targets: [`${base}/${bits}`], ports: ['80'] })
        assert.ok(addresses.every(each => allowed.allows(each) || /^(169|100|192|168)\./.test(each)))
      }),
    )
  })
})

interface Scan {
  readonly address: string
  readonly open: readonly number[]
  readonly closed: readonly number[]
  readonly silent: readonly number[]
}
