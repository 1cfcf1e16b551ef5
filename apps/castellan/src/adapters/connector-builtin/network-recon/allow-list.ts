import { lookup } from 'node:dns/promises'
import { BlockList, isIP } from 'node:net'
import type { NetworkReconSettings } from '@castellan/contracts'
import { placeOf } from '../../../kernel/index.ts'
import { refused } from '../tool.ts'

/** What may be looked at: addresses in granted networks, and public ones that granted names are found at. */
export class AllowList {
  readonly #networks = new BlockList()
  readonly #names = new Set<string>()
  readonly #ports: readonly (readonly [first: number, last: number])[]

  constructor({ targets, ports }: Pick<NetworkReconSettings, 'targets' | 'ports'>) {
    for (const target of targets) {
      const [address = '', bits] = target.split('/')
      const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
      if (isIP(address) === 0) this.#names.add(target.toLowerCase())
      else if (bits === undefined) this.#networks.addAddress(address, family)
      else this.#networks.addSubnet(address, Number(bits), family)
    }
    this.#ports = ports.map(rangeIn)
  }

  /**
   * The address at which a target is looked at from here on: nothing is looked up again, so nothing else can be found later. Throws
   * `TOOL_REFUSED`.
   */
  async addressOf(target: string): Promise<string> {
    if (isIP(target) !== 0) {
      if (!this.allows(target)) throw refused(`${target} is not among the targets that were granted`)
      return target
    }
    const found = await lookup(target, { all: true }).catch(() => [])
    const address = found.find(each => this.#allowsAt(target, each.address))
    if (!address) throw refused(`${target} is not among the targets that were granted, or is not found at one`)
    return address.address
  }

  /** Whether an address is in a network that was granted. Where clouds hand out keys is never meant. */
  allows(address: string): boolean {
    const place = placeOf(address)
    if (place === null || place === 'metadata') return false
    return this.#networks.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
  }

  /** Ports as they were asked for, in order, each once. Throws `TOOL_REFUSED`. */
  ports(given: readonly string[], most: number): readonly number[] {
    const ports = new Set<number>()
    for (const [first, last] of given.map(rangeIn)) {
      if (!this.#ports.some(([from, to]) => first >= from && last <= to)) {
        throw refused(`port ${first === last ? first : `${first}-${last}`} is not among those that were granted`)
      }
      if (last - first + 1 + ports.size > most) throw refused(`more than ${most} ports are asked for at once`)
      for (let port = first; port <= last; port++) ports.add(port)
    }
    return [...ports].toSorted((a, b) => a - b)
  }

  #allowsAt(name: string, address: string): boolean {
    return this.allows(address) || (this.#names.has(name.toLowerCase()) && placeOf(address) === 'public')
  }
}

function rangeIn(text: string): readonly [number, number] {
  const [first = '', last = first] = text.split('-')
  const range = [Number(first), Number(last)] as const
  if (!(range[0] >= 1 && range[0] <= range[1] && range[1] <= 65_535)) {
    throw refused(`"${text}" is no port or range of ports; write 443 or 8000-8100`)
  }
  return range
}
