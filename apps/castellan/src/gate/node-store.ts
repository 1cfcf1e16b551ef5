/**
 * The port through which processes on one store know of each other. What a process has under way is its own as long as it says that it
 * is there; afterwards others find out what became of it. Times are those of the store. Throws `STORE_UNAVAILABLE`.
 */
export interface NodeStore {
  /** Of this process, and of no other that ever was. */
  readonly id: string
  /** The same for all processes on this store, and for no others. */
  installation(): Promise<string>
  /** Says that this process is there for so many milliseconds. Where one at a time may use the store, all others are gone then. */
  join(lease: number): Promise<void>
  /** Says so again. */
  stay(lease: number): Promise<void>
  /** What it had under way has ended. */
  leave(): Promise<void>
  /**
   * Somebody listens here to what models say, and others come to this host and port with it; null for nobody. When the store is away it
   * is said with the next sign of life.
   */
  listenAt(address: string | null): Promise<void>
  /** The other processes that are there and on which somebody listens: their addresses by their ids. */
  listening(): Promise<ReadonlyMap<string, string>>
}
