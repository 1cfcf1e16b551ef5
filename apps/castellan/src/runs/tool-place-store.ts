/** Somebody in the line at a tool. */
export interface ToolPlace {
  readonly id: string
  /** Tools of several tenants are several. */
  readonly tool: string
}

/**
 * The port through which processes on one store agree who may call a tool: each tool has a line, and its first so many may. Whoever stands
 * in it says so in time, or is taken for gone once somebody else comes. Leases are in milliseconds, by the clock of the store. Throws
 * `STORE_UNAVAILABLE`. Every adapter passes `tool-place-store.testsuite.ts`.
 */
export interface ToolPlaceStore {
  /** Those who are not in the line of their tool go to its end, as they are ordered here; the others stay where they are. */
  enter(waiting: readonly ToolPlace[], lease: number): Promise<void>
  /**
   * Those whose calls are under way stay in front. One who was taken for gone is there again, beyond what may be if need be: so nobody
   * else comes in before there is room.
   */
  keep(calling: readonly ToolPlace[], lease: number): Promise<void>
  /** Who of this process is among the first `most` in the lines of these tools. Whoever was is for good, until taken for gone. */
  first(tools: readonly string[], most: number): Promise<string[]>
  leave(id: string): Promise<void>
}
