import { lookup as systemLookup } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { buildConnector } from 'undici'
import type { Egress } from '../../registry/index.ts'

/**
 * Makes connections to one origin, where its egress lets them go; anywhere without one. A name is looked up once for each
 * connection, and the connection goes to an address of that very answer which was judged: nothing is looked up in between.
 */
export function dialler(
  origin: URL,
  egress: Egress | null,
  options: buildConnector.BuildOptions,
  lookup: LookupFunction = systemLookup,
): buildConnector.connector {
  if (egress === null) return buildConnector(options)
  const port = Number(origin.port) || (origin.protocol === 'https:' ? 443 : 80)
  const dial = buildConnector({ ...options, lookup: lookupWithin(egress, port, lookup) })
  return (target, callback) => {
    // Addresses are not looked up, so this is where they are judged.
    const refusal = egress.refusal(origin.hostname, port)
    if (refusal === null) return dial(target, callback)
    queueMicrotask(() => callback(refusal, null))
    return undefined
  }
}

/** Looks a name up, and gives those of its addresses that may be connected to; the refusal of the first when none may. */
export function lookupWithin(egress: Egress, port: number, lookup: LookupFunction = systemLookup): LookupFunction {
  return (host, options, callback) => {
    lookup(host, { ...options, all: true }, (error, found) => {
      if (error) return callback(error, '')
      const addresses = typeof found === 'string' ? [] : found
      const allowed = addresses.filter(({ address }) => egress.refusalAt(host, port, address) === null)
      const [first] = allowed
      if (first === undefined) callback(egress.refusalAt(host, port, addresses[0]?.address ?? ''), '')
      else if (options.all === true) callback(null, allowed)
      else callback(null, first.address, first.family)
    })
  }
}
