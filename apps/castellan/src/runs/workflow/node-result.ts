import type { JsonObject, JsonValue } from '../../kernel/index.ts'

export type NodeState = 'pending' | 'running' | 'waiting' | 'done' | 'failed' | 'skipped' | 'cancelled'

/** What became of a node, once or in one turn of a loop. */
export interface NodeResult {
  readonly state: NodeState
  /** Milliseconds of the epoch. */
  readonly startedAt: number | null
  readonly endedAt: number | null
  readonly output?: JsonValue
  readonly error?: NodeError
  /** Which way it went, for those after it. */
  readonly way?: string
  /** How many steps of the run had ended when it had; for the order in which nodes did. */
  readonly order: number
}

export interface NodeError {
  /** `denied_policy`, `timeout`, `refused` and the like. */
  readonly code: string
  readonly message: string
  /** The step of the run whose end it tells of; absent when that of none. */
  readonly step?: string
}

export function hasEnded({ state }: Pick<NodeResult, 'state'>): boolean {
  return state === 'done' || state === 'failed' || state === 'skipped' || state === 'cancelled'
}

/** As whoever looks at the run is told of it. */
export function shownResult({ state, startedAt, endedAt, output, error }: NodeResult): JsonObject {
  return {
    state,
    started_at: time(startedAt),
    ended_at: time(endedAt),
    ...(output === undefined ? {} : { output }),
    ...(error === undefined ? {} : { error: shownError(error) }),
  }
}

/** What whoever looks at the run, or an expression, is told of an error. */
export function shownError({ code, message }: NodeError): JsonObject {
  return { code, message }
}

/** As expressions see it. */
export function spokenOf({ state, output, error }: NodeResult): JsonObject {
  return {
    state,
    ...(output === undefined ? {} : { output }),
    ...(error === undefined ? {} : { error: shownError(error) }),
  }
}

function time(milliseconds: number | null): string | null {
  return milliseconds === null ? null : new Date(milliseconds).toISOString()
}
