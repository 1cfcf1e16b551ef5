/** On whose behalf a resource changes, for the journal line that says so. */
export interface Actor {
  readonly tenant: string
  /** Id of a principal, or `system`. */
  readonly principal: string
  readonly correlationId: string
}
