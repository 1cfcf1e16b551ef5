import { hostname } from 'node:os'
import { isIPv6 } from 'node:net'
import type { Connector, Link, LinkEvents, ServerOwners, Target, WaitingCalls } from '../../gate/index.ts'
import { type Clock, fault } from '../../kernel/index.ts'
import { goOnAt } from './go-on-at.ts'
import { Holdings } from './holdings.ts'
import type { Home } from './home.ts'
import { hopTo } from './hop.ts'
import { LEASE, SPEAKING } from './messages.ts'
import { Reception } from './reception.ts'
import type { SharedKeys } from './shared-key.ts'

export interface ClusterParts {
  /** Id of this process. */
  readonly node: string
  readonly owners: ServerOwners
  readonly home: Home
  readonly keys: SharedKeys
  /** Where to listen for others, and under which host and port they find us, when it is another one. */
  readonly listen: { readonly host: string; readonly port: number; readonly address: string | null }
  readonly clock: Clock
  /** Milliseconds after which a server is anybody's whose node is gone or stands still; six seconds unless someone cannot wait. */
  readonly lease?: number
  /** A server is run here from now on whose node was lost. */
  readonly onTakenOver: (server: string, from: string) => void
  readonly onBug: (error: unknown) => void
}

export interface Cluster {
  /** Host and port at which the others find this one. */
  readonly address: string
  /** Goes on with a call that waits on another node. */
  readonly goOn: WaitingCalls['goOn']
  /** Stands in front of a connector whose servers there must be one of among all nodes. */
  connector(local: Connector): Connector
  listChanged(serverId: string, list: 'tools' | 'resources' | 'prompts'): void
  resourceUpdated(serverId: string, uri: string): void
  /** Whether another node watches a resource of a server that is run here. */
  watches(serverId: string, uri: string): boolean
  /** Nobody listens here to what models say elsewhere. */
  endListening(): void
  /** Takes on nothing more for others; resolves once what is under way for them has ended, or the signal aborts. */
  leave(signal: AbortSignal): Promise<void>
  /** For when every link was closed; afterwards no socket or timer is left. */
  close(): Promise<void>
}

/**
 * One of many nodes. Listens for the others from here on. Throws plain errors of `listen`.
 */
export async function joinCluster(parts: ClusterParts): Promise<Cluster> {
  const { node, owners, home, keys, listen, clock, lease = LEASE, onTakenOver, onBug } = parts
  const holdings = new Holdings({
    node,
    owners,
    clock,
    lease,
    onEnded: pool => reception.sendAway(pool),
    onError: onBug,
  })
  const isOurs = (pool: string, fence?: number) => holdings.isOurs(pool, fence)
  const reception: Reception = new Reception({ home, keys, isOurs, pulse: lease / 4, onBug })
  const port = await reception.listen(listen.host, listen.port)
  const address = listen.address ?? `${reachable(listen.host)}:${port}`

  /** Those of which something may be left, though they are of no more use. */
  const hops = new Set<Link>()

  async function openHere(
    local: Connector,
    target: Shared,
    fence: number,
    events: LinkEvents,
    signal: AbortSignal,
    lost: Lost,
  ) {
    const { pool } = target
    try {
      const link = await local.open(target, events, signal)
      lost.link = link
      if (lost.already) await link.close()
      void link.closed.then(() => holdings.leave(pool, fence, lost.tell))
      return guarded(
        link,
        () => holdings.isOurs(pool, fence),
        () => holdings.leave(pool, fence, lost.tell),
      )
    } catch (error) {
      await holdings.leave(pool, fence, lost.tell)
      throw error
    }
  }

  return {
    address,
    goOn: (at, ...back) => goOnAt(at, { keys, silence: lease }, ...back),
    connector: local => ({
      transports: local.transports,
      async open(target, events, signal) {
        if (!isShared(target)) return local.open(target, events, signal)
        for (;;) {
          const lost: Lost = {
            link: null,
            already: false,
            tell: () => {
              lost.already = true
              void lost.link?.close()
            },
          }
          const owner = await holdings.enter(target.pool, address, lost.tell)
          if (owner.lost !== null) onTakenOver(target.server, owner.lost)
          if (owner.node === node) return openHere(local, target, owner.fence, events, signal, lost)
          const reached = await hopTo(owner, target, events, {
            keys,
            silence: lease,
            signal,
            onEnded: hop => hops.delete(hop),
          })
          if (!('is' in reached)) {
            hops.add(reached)
            return reached
          }
          // It is about to be given back, or its lease to end.
          await pause(BETWEEN_CLAIMS, signal)
          if (signal.aborted) throw fault('UPSTREAM_UNREACHABLE', { server: target.server, why: reached.why })
        }
      },
    }),
    listChanged: (...change) => reception.listChanged(...change),
    resourceUpdated: (...update) => reception.resourceUpdated(...update),
    watches: (...resource) => reception.watches(...resource),
    endListening: () => reception.sendAway(SPEAKING),
    leave: signal => reception.leave(signal),
    async close() {
      await Promise.all([...hops].map(hop => hop.close()))
      await holdings.close()
      await reception.close()
    },
  }
}

type Shared = Target & { readonly pool: string }

interface Lost {
  link: Link | null
  already: boolean
  /** Somebody else runs the server now: ours must not. */
  readonly tell: () => void
}

/** Milliseconds. */
const BETWEEN_CLAIMS = 150

function isShared(target: Target): target is Shared {
  return target.pool !== undefined
}

/** Sends nothing once it may be somebody else's to send. */
function guarded(link: Link, isOurs: () => boolean, leave: () => Promise<void>): Link {
  return {
    closed: link.closed,
    discover: signal => link.discover(signal),
    probe: signal => link.probe(signal),
    ...(link.unwatch && { unwatch: (uri: string) => link.unwatch!(uri) }),
    async call(allowed, io) {
      if (isOurs()) return link.call(allowed, io)
      const why = 'it is not known whether another node runs the server by now'
      return { is: 'broken', sent: false, retryable: true, retryAfter: null, why, ours: true }
    },
    async close() {
      await link.close()
      await leave()
    },
  }
}

/** A host that stands for all addresses is none that others could ask for. */
function reachable(host: string): string {
  if (['0.0.0.0', '::'].includes(host)) return hostname()
  return isIPv6(host) ? `[${host}]` : host
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, milliseconds)
  signal.addEventListener('abort', () => resolve(), { once: true })
  await promise
  clearTimeout(timer)
}
