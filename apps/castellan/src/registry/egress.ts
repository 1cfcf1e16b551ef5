import { isAbsolute } from 'node:path'
import { fault, type Fault, type Place, placeOf, placeOfHost } from '../kernel/index.ts'
import type { EgressSettings, RemoteConnection } from './server.ts'

/** Judges where a connection goes. Both give `EGRESS_REFUSED`, or null when it may go there. */
export interface Egress {
  /** What is wrong with a host and port, as far as it shows before a name is looked up. */
  refusal(host: string, port: number): Fault | null
  /** What is wrong with an address that the host was found at. */
  refusalAt(host: string, port: number, address: string): Fault | null
}

/**
 * What may be connected to for a server. The places its settings name may be asked, and public ones that it names, as far as it is
 * let. Addresses that are not public need the word of whoever set it up: `allowPrivate`, or a place that says by itself that it
 * is near, such as `127.0.0.1`, `localhost` or `tools.internal`. A public name that is found at a private address is refused.
 */
export function egressOf(name: string, connection: RemoteConnection): Egress {
  const { hosts, allowPrivate } = connection.egress ?? anywherePublic
  const own = new Set<string>()
  const near = new Set<string>()
  const home = new Set<Place>()
  for (const url of placesOf(connection)) {
    const key = keyOf(url.hostname, portOf(url))
    own.add(key)
    const place = placeOfHost(url.hostname)
    if (place === null || !NEAR.has(place)) continue
    near.add(key)
    // This machine and its network may name each other; a network may not name this machine.
    home.add('private')
    if (place !== 'private') home.add('loopback')
  }
  // A document in a file of this machine was put there by somebody who may name what is here.
  if ('document' in connection && isAbsolute(connection.document)) home.add('private').add('loopback')
  const refuse = (why: string): Fault => fault('EGRESS_REFUSED', { server: name, why })

  return {
    refusal(host, port) {
      if (!own.has(keyOf(host, port)) && hosts !== null && !hosts.some(each => matchesHost(each, host))) {
        return refuse(`${plain(host)} is not among the hosts it may lead to; add it to them if that is meant`)
      }
      const place = placeOfHost(host)
      return place === null ? null : judge(place, host, port, host)
    },
    refusalAt(host, port, address) {
      return judge(placeOf(address), host, port, address)
    },
  }

  function judge(place: Place | null, host: string, port: number, address: string): Fault | null {
    if (place === 'public' || (place !== null && allowPrivate)) return null
    const key = keyOf(host, port)
    if (place !== null && NEAR.has(place)) {
      if (near.has(key) || (!own.has(key) && home.has(place))) return null
      // Whoever lists a place by such a name means it.
      if (hosts?.some(each => each === bare(host) && placeOfHost(each) !== null)) return null
    }
    const found = host === address ? plain(host) : `${plain(host)} is found at ${address}`
    return refuse(`${found}, ${place === null ? 'which is no address' : words[place]}`)
  }
}

/** What holds when nobody says anything. */
export const anywherePublic: EgressSettings = { hosts: null, allowPrivate: false }

/** What a place that is named may be at by that alone. Clouds' keys and what nobody has are never meant. */
const NEAR: ReadonlySet<Place> = new Set<Place>(['loopback', 'unspecified', 'private'])

const ALLOW = 'which is not spoken to unless private addresses are allowed for it (allow_private)'
const words: Readonly<Record<Place, string>> = {
  public: 'a public address',
  loopback: `this machine, ${ALLOW}`,
  unspecified: `this machine, ${ALLOW}`,
  private: `a private address, ${ALLOW}`,
  'link-local': `a link-local address, ${ALLOW}`,
  metadata: `where clouds hand out the keys of a machine, ${ALLOW}`,
  reserved: `an address that is nobody's, ${ALLOW}`,
}

function placesOf(connection: RemoteConnection): readonly URL[] {
  const named = [...connection.endpoints]
  if ('document' in connection) named.push(connection.document)
  if ('auth' in connection && connection.auth?.issuer) named.push(connection.auth.issuer)
  return named.map(each => URL.parse(each)).filter(url => url !== null)
}

function portOf({ port, protocol }: URL): number {
  return Number(port) || (protocol === 'https:' || protocol === 'wss:' ? 443 : 80)
}

function keyOf(host: string, port: number): string {
  return `${bare(host)} ${port}`
}

/** As lists have it: small letters, no brackets, no dot at the end. */
function bare(host: string): string {
  return host.toLowerCase().replace(/^\[|\]$|\.$/g, '')
}

function matchesHost(pattern: string, host: string): boolean {
  return pattern.startsWith('*.') ? bare(host).endsWith(pattern.slice(1)) : bare(host) === pattern
}

/** Names come from servers, too. */
function plain(host: string): string {
  return host.replace(/[^\x21-\x7e]/g, '?').slice(0, 253)
}
