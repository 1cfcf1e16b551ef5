/** A control plane that answers. */
export interface Running {
  readonly url: string
  readonly host: string
  readonly port: number
  /**
   * Lets nobody in any more, gives calls under way the drain time, and closes everything; afterwards no process, socket or
   * timer is left. Idempotent.
   */
  stop(): Promise<void>
}
