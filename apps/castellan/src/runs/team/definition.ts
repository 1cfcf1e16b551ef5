import type { JsonObject, JsonValue } from '../../kernel/index.ts'
import type { AgentOutput, PinnedAgent } from '../agent/definition.ts'
import type { Team } from './team.ts'

/** What a team run executes: the team as it was when the run began, with its agents as they were then. */
export interface TeamDefinition {
  readonly team: Pick<Team, 'name' | 'members' | 'protocol' | 'maxTokens'>
  /** By name. */
  readonly agents: Readonly<Record<string, PinnedAgent>>
}

/** What a team run ends with, also when it fails; and, but for the answer, what it has meanwhile. */
export interface TeamOutput {
  readonly response: string
  /** The answer as a value; null for prose. */
  readonly structured: JsonValue
  readonly protocol: string
  readonly board: readonly JsonObject[]
  readonly decision: Verdict | null
  readonly dissent: readonly Voice[]
  readonly failed: readonly { readonly member: string; readonly why: string }[]
  readonly cut: 'tokens' | null
  readonly usage: AgentOutput['usage']
}

/** How something was decided. */
export interface Verdict {
  readonly by: 'vote' | 'judge' | 'agreement' | 'majority'
  /** The member whose proposal or answer it is. */
  readonly winner: string
  readonly needed: number
  readonly of: number
  readonly votes: readonly Voice[]
}

/** What one of them wants, and why. */
export interface Voice {
  readonly member: string
  readonly choice: string
  readonly reason: string
}
