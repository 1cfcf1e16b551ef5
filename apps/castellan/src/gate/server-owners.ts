/** Whoever runs a server of which there is to be one. */
export interface Owner {
  /** The id of its process. */
  readonly node: string
  /** Host and port at which others reach it. */
  readonly address: string
  /** Goes up with each who takes it over. */
  readonly fence: number
}

/** The owner there is after a claim. */
export interface Claimed extends Owner {
  /** The node that had it until then and did not say so in time; null when nobody was lost, or the claim was in vain. */
  readonly lost: string | null
}

/**
 * The port through which processes on one store agree which of them runs a server. What is claimed is its claimer's for the lease, and
 * as long as it is renewed. Servers go by their pool: settings that lead to the same process have the same. Times are those of the
 * store. Throws `STORE_UNAVAILABLE`.
 */
export interface ServerOwners {
  /** Takes it unless somebody has it; resolves with who has it now, which may be this process by an earlier claim. */
  claim(pool: string, address: string, lease: number): Promise<Claimed>
  /** Renews everything this process still has, and resolves with the fence of each. */
  renew(lease: number): Promise<ReadonlyMap<string, number>>
  /** It is anybody's; changes nothing when it is somebody else's by now. */
  release(pool: string, fence: number): Promise<void>
}
