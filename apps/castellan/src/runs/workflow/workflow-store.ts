import type { Entry } from '../../journal/index.ts'
import type { StoredWorkflow } from './workflow.ts'

/**
 * The port behind workflows. Saving also appends the given entries, in one transaction, and throws `NAME_TAKEN`, `VERSION_CONFLICT`
 * (unless the stored version is one less, or the workflow is new and the version 1) or `STORE_UNAVAILABLE`.
 */
export interface WorkflowStore {
  /** By name. */
  workflows(tenant: string): Promise<StoredWorkflow[]>
  save(workflow: StoredWorkflow, entries: readonly Entry[]): Promise<void>
  remove(tenant: string, id: string, entries: readonly Entry[]): Promise<void>
}
