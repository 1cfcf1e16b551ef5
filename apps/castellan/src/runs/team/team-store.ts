import type { Entry } from '../../journal/index.ts'
import type { Team } from './team.ts'

/**
 * The port behind teams. Saving also appends the given entries, in one transaction, and throws `NAME_TAKEN`, `VERSION_CONFLICT`
 * (unless the stored version is one less, or the team is new and the version 1) or `STORE_UNAVAILABLE`.
 */
export interface TeamStore {
  /** By name. */
  teams(tenant: string): Promise<Team[]>
  save(team: Team, entries: readonly Entry[]): Promise<void>
  remove(tenant: string, id: string, entries: readonly Entry[]): Promise<void>
}
