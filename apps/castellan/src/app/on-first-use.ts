import type { Connector } from '../gate/index.ts'
import type { Transport } from '../registry/index.ts'

/**
 * A connector that is loaded when the first server over one of its transports is opened. Connectors come with the largest
 * libraries, and listing what servers offer needs none of them.
 */
export function onFirstUse(transports: readonly Transport[], load: () => Promise<Connector>): Connector {
  let loaded: Promise<Connector> | undefined
  return {
    transports,
    async open(target, events, signal) {
      loaded ??= load()
      return (await loaded).open(target, events, signal)
    },
  }
}
