/** What a process shows to the outside. */
export interface Face {
  readonly host: string
  readonly port: number
  /** MCP sessions that are open. */
  sessions(): number
  /** Ends MCP sessions that nobody used for long. */
  closeIdle(): void
  /** Does now what the first to ask would have to wait for. */
  prepare(): Promise<void>
  /** What was answered leaves first. */
  close(): Promise<void>
}
