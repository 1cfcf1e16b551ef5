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
}
