import type { Identity } from '../../identity/index.ts'
import type { View } from '../../registry/index.ts'
import type { Listing } from './discovery/listing.ts'

/** Who is asking, on which endpoint, within which session. */
export interface Caller {
  readonly identity: Identity
  readonly view: View
  /** Whether the tools of the endpoint are listed, or two by which to find and call them. */
  readonly listing: Listing
  /** Of 2025 clients; those of 2026 have no sessions. */
  readonly sessionId: string | null
}

/** Whether two requests come from the same principal in the same tenant, on the same endpoint. */
export function sameCaller(a: Caller, b: Caller): boolean {
  return (
    a.identity.principal.id === b.identity.principal.id &&
    a.identity.tenant === b.identity.tenant &&
    a.listing === b.listing &&
    viewKey(a.view) === viewKey(b.view)
  )
}

/** Whose request it is. */
export function ownerOf({ identity }: Caller): string {
  return `${identity.tenant} ${identity.principal.id}`
}

export function viewKey(view: View): string {
  return view.is === 'all' ? 'all' : `${view.is} ${view.name}`
}
