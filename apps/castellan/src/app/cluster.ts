import type { Cluster, ClusterParts } from '../adapters/connector-cluster/index.ts'
import type { Connector, GoOn, WaitingCalls } from '../gate/index.ts'
import { fault } from '../kernel/index.ts'

/**
 * What this process has to do with the other nodes; nothing as long as it has opened no server that there must be one of, and no call
 * waits for its client.
 */
export interface ClusterHere extends Pick<
  Cluster,
  'connector' | 'listChanged' | 'resourceUpdated' | 'watches' | 'leave' | 'close'
> {
  readonly waiting: WaitingCalls
}

type Parts = Omit<ClusterParts, 'home'> & { readonly home: Omit<ClusterParts['home'], 'goOn'> }

/** Joins the other nodes when there is something that one of them has for all. */
export function clusterOnFirstUse({ home, ...parts }: Parts): ClusterHere {
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
  return {
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
      // Where nobody can come from elsewhere, a call waits for those who come here.
      address: () =>
        joinOnce().then(
          ({ address }) => address,
          () => null,
        ),
      welcome: whoGoesOn => void (goOn = whoGoesOn),
      goOn: (...back) =>
        joinOnce().then(
          cluster => cluster.goOn(...back),
          () => ({ is: 'unknown' }),
        ),
    },
    leave: async signal => joined?.leave(signal),
    close: async () => (await joining)?.close(),
  }
}
