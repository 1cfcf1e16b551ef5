/** What a process shows to the outside. */
export interface Face {
  readonly host: string
  readonly port: number
  /** MCP sessions that are open. */
  sessions(): number
  /** Ends MCP sessions that nobody used for long. */
  closeIdle(): void
  /** What was answered leaves first. */
  close(): Promise<void>
}
