import type { NetworkReconSettings } from '@castellan/contracts'
import { type Clock, parseDuration } from '../../../kernel/index.ts'
import { type Asked, fields, refused, tool, type Tool, type Toolbox } from '../tool.ts'
import { AllowList } from './allow-list.ts'
import { guessService } from './guess-service.ts'
import { type Knocked, Knocker } from './knock.ts'
import { addressesOf } from './network.ts'

interface Parts {
  readonly allowed: AllowList
  readonly knocker: Knocker
  readonly mostPorts: number
  readonly mostHosts: number
}

interface PortsWish {
  readonly target: string
  readonly ports: readonly string[]
}

/** Finds out what is there, by plain TCP connections, within the targets and ports that were granted and nowhere else. */
export function networkRecon(settings: NetworkReconSettings, clock: Clock): Toolbox {
  const { concurrency, rate, max_ports: mostPorts, max_hosts: mostHosts } = settings
  const knocker = new Knocker({ concurrency, rate, timeout: parseDuration(settings.timeout) }, clock)
  const parts = { allowed: new AllowList(settings), knocker, mostPorts, mostHosts }
  return {
    tools: [portScan(parts), serviceDetection(parts), networkDiscovery(parts)],
    // Nothing is knocked at that nobody asked for.
    probe: async () => undefined,
  }
}

function portScan({ allowed, knocker, mostPorts }: Parts): Tool {
  return tool<PortsWish>(
    {
      name: 'port_scan',
      description: 'Says which ports of a target take TCP connections. Nothing is sent to them.',
      inputSchema: fields({ target, ports }),
      outputSchema: fields({ target, address, open: numbers, closed: numbers, silent: numbers }),
      annotations,
    },
    async ({ target, ports: given }, asked) => {
      const ports = allowed.ports(given, mostPorts)
      const address = await allowed.addressOf(target)
      const found = await each(ports, asked, port => knocker.knock(address, port, 0, asked.signal))
      const those = (state: Knocked['state']) => ports.filter((_, index) => found[index]!.state === state)
      const open = those('open')
      const structured = { target, address, open, closed: those('closed'), silent: those('silent') }
      return {
        structured,
        text: `${target} (${address}): ${open.length > 0 ? `open ${open.join(', ')}` : 'nothing open'}`,
      }
    },
  )
}

function serviceDetection({ allowed, knocker, mostPorts }: Parts): Tool {
  return tool<PortsWish>(
    {
      name: 'service_detection',
      description:
        'Says what may be behind the open ports of a target: by what it says by itself once it is connected to, or else by the number of the port alone. Nothing is sent.',
      inputSchema: fields({ target, ports }),
      outputSchema: fields({
        target,
        address,
        services: {
          type: 'array',
          items: fields({
            port: { type: 'integer' },
            service: { type: ['string', 'null'] },
            by: { enum: ['banner', 'port', null] },
            banner: { type: 'string' },
          }),
        },
      }),
      annotations,
      // A banner says what whoever set it up wants to be read.
      _meta: { 'castellan/labels': ['untrusted'] },
    },
    async ({ target, ports: given }, asked) => {
      const ports = allowed.ports(given, mostPorts)
      const address = await allowed.addressOf(target)
      const found = await each(ports, asked, port => knocker.knock(address, port, LONGEST_BANNER, asked.signal))
      const services = ports.flatMap((port, index) => {
        const { state, banner } = found[index]!
        if (state !== 'open') return []
        const said = printable(banner)
        const guess = guessService(port, said)
        return [{ port, service: guess?.name ?? null, by: guess?.by ?? null, banner: said }]
      })
      return { structured: { target, address, services } }
    },
  )
}

interface DiscoveryWish {
  readonly network: string
  readonly ports: readonly string[]
}

function networkDiscovery({ allowed, knocker, mostHosts }: Parts): Tool {
  return tool<DiscoveryWish>(
    {
      name: 'network_discovery',
      description: `Says which addresses of a network of IPv4 answer at some ports: ${mostHosts} addresses and ${MOST_DISCOVERY_PORTS} ports at most. One that refuses a connection is there, too.`,
      inputSchema: fields({
        network: { type: 'string', maxLength: 32, description: 'Such as 10.1.2.0/24' },
        ports,
      }),
      outputSchema: fields({
        network: { type: 'string' },
        looked_at: { type: 'integer' },
        hosts: { type: 'array', items: fields({ address, open: numbers }) },
      }),
      annotations,
    },
    async ({ network, ports: given }, asked) => {
      const ports = allowed.ports(given, MOST_DISCOVERY_PORTS)
      const addresses = addressesOf(network, mostHosts)
      const stranger = addresses.find(each => !allowed.allows(each))
      if (stranger !== undefined) throw refused(`${stranger} of ${network} is not among the targets that were granted`)
      const doors = addresses.flatMap(address => ports.map(port => ({ address, port })))
      const found = await each(doors, asked, ({ address, port }) => knocker.knock(address, port, 0, asked.signal))
      const hosts = new Map<string, number[]>()
      for (const [index, { address, port }] of doors.entries()) {
        const { state } = found[index]!
        if (state === 'silent') continue
        const open = hosts.get(address) ?? []
        hosts.set(address, state === 'open' ? [...open, port] : open)
      }
      const answered = [...hosts].map(([address, open]) => ({ address, open }))
      return { structured: { network, looked_at: addresses.length, hosts: answered } }
    },
  )
}

/** Does something for each, and tells how far it is. Nothing of it is under way any more once it rejects. */
async function each<T>(
  all: readonly T[],
  { signal, onProgress }: Asked,
  look: (one: T) => Promise<Knocked>,
): Promise<readonly Knocked[]> {
  let done = 0
  const ends = await Promise.allSettled(
    all.map(async one => {
      const seen = await look(one)
      if (++done % 16 === 0) onProgress?.({ progress: done, total: all.length })
      return seen
    }),
  )
  signal.throwIfAborted()
  return ends.map(end => {
    if (end.status === 'rejected') throw end.reason
    return end.value
  })
}

/** What was said, as far as it can be shown. */
function printable(banner: Buffer): string {
  return banner
    .toString('latin1')
    .replace(/[^\x20-\x7e]+/g, ' ')
    .trim()
}

/** Bytes. */
const LONGEST_BANNER = 512
const MOST_DISCOVERY_PORTS = 16

const annotations = { readOnlyHint: true, openWorldHint: true }
const target = { type: 'string', minLength: 1, maxLength: 253, description: 'An address or a name.' }
const address = { type: 'string' }
const ports = {
  type: 'array',
  minItems: 1,
  maxItems: 100,
  items: { type: 'string', maxLength: 11 },
  description: 'Ports and ranges of them, such as ["22", "8000-8010"].',
}
const numbers = { type: 'array', items: { type: 'integer' } }
