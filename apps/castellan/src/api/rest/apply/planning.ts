import type { Actor, Identity } from '../../../identity/index.ts'
import type { People } from './people.ts'

export interface PlanOptions {
  /** Whether what a section does not name is removed. */
  readonly prune: boolean
  readonly allowUnhealthy: boolean
}

/** What every section is planned with: for whom, and as they wish. */
export interface Planning extends PlanOptions {
  readonly identity: Identity
  readonly actor: Actor
  readonly people: People
}
