import type { Cluster, ClusterParts } from '../adapters/connector-cluster/index.ts'
import type { Connector, GoOn, NodeStore, WaitingCalls } from '../gate/index.ts'
import { fault, isFault } from '../kernel/index.ts'
import { FarEars } from '../runs/index.ts'

/**
 * What this process has to do with the other nodes; nothing as long as it has opened no server that there must be one of, no call waits
 * for its client, and nobody listens to a model.
 */
export interface ClusterHere extends Pick<
  Cluster,
  'connector' | 'listChanged' | 'resourceUpdated' | 'watches' | 'leave' | 'close'
> {
  readonly waiting: WaitingCalls
  /** Those who listen on the other nodes. */
  readonly ears: FarEars
  /** Lets the others know whether somebody listens here. Resolves once they may; never rejects. */
  listened(isListened: boolean): Promise<void>
}

type Parts = Omit<ClusterParts, 'home'> & {
  readonly home: Omit<ClusterParts['home'], 'goOn'>
  readonly nodes: Pick<NodeStore, 'listenAt' | 'listening'>
}

/** Joins the other nodes when there is something that one of them has for all. */
export function clusterOnFirstUse({ home, nodes, ...parts }: Parts): ClusterHere {
  const { keys, clock, onBug } = parts
  let joining: Promise<Cluster> | undefined
  let joined: Cluster | undefined
  let goOn: GoOn = async () => ({ is: 'unknown' })
  const join = async () => {
    const { joinCluster } = await import('../adapters/connector-cluster/index.ts')
    return (joined = await joinCluster({ ...parts, home: { ...home, goOn: (...back) => goOn(...back) } }))
  }
  const joinOnce = async () => {
    try {
      return await (joining ??= join())
    } catch (error) {
      joining = undefined
      throw error
    }
  }
  // Where nobody can come from elsewhere, a call waits for those who come here, and who listens hears what is said here.
  const address = () =>
    joinOnce().then(
      cluster => cluster.address,
      () => null,
    )
  const ears = new FarEars({
    listening: () => nodes.listening(),
    open: async (at, events) => (await import('../adapters/connector-cluster/index.ts')).openEar(at, { keys }, events),
    clock,
    onBug,
  })
  let isListened = false
  let announced: Promise<void> = Promise.resolve()
  const announce = async () => {
    try {
      await nodes.listenAt(isListened ? await address() : null)
    } catch (error) {
      if (!isFault(error, 'STORE_UNAVAILABLE')) onBug(error)
    }
    if (!isListened) joined?.endListening()
  }
  return {
    ears,
    listened(is) {
      isListened = is
      return (announced = announced.then(announce))
    },
    connector: (local: Connector) => ({
      transports: ['stdio'],
      async open(target, events, signal) {
        try {
          await joinOnce()
        } catch (error) {
          const why = `this node cannot listen for the others: ${(error as Error).message}`
          throw fault('UPSTREAM_UNREACHABLE', { server: target.server, why }, { cause: error })
        }
        return joined!.connector(local).open(target, events, signal)
      },
    }),
    listChanged: (...change) => joined?.listChanged(...change),
    resourceUpdated: (...update) => joined?.resourceUpdated(...update),
    watches: (...resource) => joined?.watches(...resource) ?? false,
    waiting: {
      address,
      welcome: whoGoesOn => void (goOn = whoGoesOn),
      goOn: (...back) =>
        joinOnce().then(
          cluster => cluster.goOn(...back),
          () => ({ is: 'unknown' }),
        ),
    },
    leave: async signal => joined?.leave(signal),
    async close() {
      await Promise.all([ears.close(), announced])
      await (await joining)?.close()
    },
  }
}
