import type { Entry } from '../../journal/index.ts'
import type { Agent } from './agent.ts'

/**
 * The port behind agents. Saving also appends the given entries, in one transaction, and throws `NAME_TAKEN`, `VERSION_CONFLICT`
 * (unless the stored version is one less, or the agent is new and the version 1) or `STORE_UNAVAILABLE`.
 */
export interface AgentStore {
  /** By name. */
  agents(tenant: string): Promise<Agent[]>
  save(agent: Agent, entries: readonly Entry[]): Promise<void>
  remove(tenant: string, id: string, entries: readonly Entry[]): Promise<void>
}
