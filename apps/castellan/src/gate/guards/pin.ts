import type { Capability, Server } from '../../registry/index.ts'
import type { Guard } from '../guard.ts'
import { allow, deny } from '../verdict.ts'

/** Who knows which definitions were reviewed, from memory. */
export interface PinKeeper {
  /** Why a capability may not be used as it is defined now; null when it may. */
  withheld(server: Server, capability: Capability): string | null
}

/** Stops whatever is defined otherwise than it was when it was pinned, and whatever nobody knows that about. */
export function pinGuard(pins: PinKeeper): Guard {
  return {
    name: 'pin',
    code: 'denied_pin',
    check({ server, capability }) {
      const reason = pins.withheld(server, capability)
      return reason === null ? allow : deny('denied_pin', reason)
    },
  }
}
