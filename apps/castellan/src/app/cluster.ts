import type { Cluster, ClusterParts } from '../adapters/connector-cluster/index.ts'
import type { Connector } from '../gate/index.ts'
import { fault } from '../kernel/index.ts'

/** What this process has to do with the other nodes; nothing as long as it has opened no server that there must be one of. */
export type ClusterHere = Pick<Cluster, 'connector' | 'listChanged' | 'resourceUpdated' | 'watches' | 'leave' | 'close'>

/** Joins the other nodes when the first server is opened that one of them runs for all. */
export function clusterOnFirstUse(parts: ClusterParts): ClusterHere {
  let joining: Promise<Cluster> | undefined
  let joined: Cluster | undefined
  const join = async () => {
    const { joinCluster } = await import('../adapters/connector-cluster/index.ts')
    return (joined = await joinCluster(parts))
  }
  return {
    connector: (local: Connector) => ({
      transports: ['stdio'],
      async open(target, events, signal) {
        try {
          await (joining ??= join())
        } catch (error) {
          joining = undefined
          const why = `this node cannot listen for the others: ${(error as Error).message}`
          throw fault('UPSTREAM_UNREACHABLE', { server: target.server, why }, { cause: error })
        }
        return joined!.connector(local).open(target, events, signal)
      },
    }),
    listChanged: (...change) => joined?.listChanged(...change),
    resourceUpdated: (...update) => joined?.resourceUpdated(...update),
    watches: (...resource) => joined?.watches(...resource) ?? false,
    leave: async signal => joined?.leave(signal),
    close: async () => (await joining)?.close(),
  }
}
