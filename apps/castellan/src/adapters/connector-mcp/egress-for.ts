import type { Target } from '../../gate/index.ts'
import { type Egress, egressOf } from '../../registry/index.ts'

/** Where connections to a server may go that is reached over the network. */
export function egressFor({ server, connection }: Target): Egress {
  if (!('endpoints' in connection)) throw new Error('only what is reached by URL is connected to')
  return egressOf(server, connection)
}
