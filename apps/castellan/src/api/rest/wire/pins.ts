import type * as Wire from '@castellan/contracts'
import { isRisky, type PinInFull, type PinOfServer, type Registry } from '../../../registry/index.ts'

export function wirePin({ tenant, server, pin }: PinOfServer, registry: Registry): Wire.Pin {
  const { id, kind, name, approved, waiting } = pin
  const there = registry.servers(tenant).find(each => each.name === server)
  const pinning = there ? (there.pinning ?? 'enforce') : 'off'
  return {
    id,
    server,
    primitive_type: kind,
    name,
    state: waiting === null ? 'pinned' : waiting.rejected ? 'rejected' : 'quarantined',
    enforced: pinning === 'enforce' || pinning === 'review',
    approved: approved && { digest: approved.digest, how: approved.how, by: approved.by, at: approved.at },
    waiting: waiting && {
      digest: waiting.digest,
      changes: waiting.changes.map(change => ({ ...change, risky: isRisky(change) })),
      since: waiting.since,
      rejected: waiting.rejected,
    },
  }
}

export function wirePinInFull(pin: PinInFull, registry: Registry): Wire.PinDetail {
  return { ...wirePin(pin, registry), was: pin.was, is: pin.is }
}
