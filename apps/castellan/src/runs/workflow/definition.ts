import type { PinnedAgent } from '../agent/definition.ts'
import type { TeamDefinition } from '../team/definition.ts'
import type { Workflow } from './workflow.ts'

/** What a workflow run executes: the workflow as it was when the run began, with all that it names as that was then. */
export interface WorkflowDefinition {
  readonly workflow: Workflow
  /** By name, of this workflow and of those inside of it. */
  readonly agents: Readonly<Record<string, PinnedAgent>>
  readonly workflows: Readonly<Record<string, Workflow>>
  readonly teams: Readonly<Record<string, TeamDefinition>>
  /** How many workflows are around it. */
  readonly depth: number
}

/** Workflows that may lie in one another, the outermost counted. */
export const MOST_DEEP = 8
