import type { Digest, JsonValue } from '../kernel/index.ts'
import type { Role, Scope } from '../identity/index.ts'

export type RunKind = 'agent' | 'workflow' | 'team'

/**
 * `queued` until somebody begins it; `running` while it has something to do; `waiting` for a time, a person or another run;
 * `parked` until a person says what became of a call whose end nobody saw; `paused` by someone. The others are ends.
 */
export type RunState = 'queued' | 'running' | 'waiting' | 'parked' | 'paused' | 'completed' | 'failed' | 'cancelled'

/** Whoever asked for a run, by what they showed then. */
export interface OnBehalf {
  readonly principal: string
  readonly scopes: readonly Scope[]
  /** The key they used; null for a token. */
  readonly key: string | null
  /** What they were then. */
  readonly roles: readonly Role[]
}

/** A durable execution, as it can be looked up: a fold of its stream, kept in the same transaction. */
export interface Run {
  readonly id: string
  readonly tenant: string
  readonly kind: RunKind
  /** Of what it executes, as it was called when the run began. */
  readonly name: string
  /** Id of it, such as that of the agent; null when it has none. */
  readonly subject: string | null
  /** Digest of the definition it executes, and finishes on. */
  readonly definition: Digest
  readonly state: RunState
  /** On whose behalf, and with no more rights. */
  readonly by: OnBehalf
  readonly correlationId: string
  /** The client's conversation it was asked for in, such as a WebSocket's; null when there was none. */
  readonly session: string | null
  /** The run and the step of it that began this one; null for one that was asked for. */
  readonly parent: { readonly run: string; readonly step: string } | null
  /** The outermost run it belongs to: itself when it has no parent. */
  readonly root: string
  /** How many runs are around it. */
  readonly depth: number
  /** -100 to 100; the higher goes first within its tenant. */
  readonly priority: number
  /** RFC 3339. */
  readonly queuedAt: string
  readonly startedAt: string | null
  readonly endedAt: string | null
  /** Why it failed, in a sentence that its owner may read; null otherwise. */
  readonly error: string | null
}

export function hasEnded({ state }: Pick<Run, 'state'>): boolean {
  return state === 'completed' || state === 'failed' || state === 'cancelled'
}

/** One line of a run's stream, with what it carries. */
export interface Told {
  readonly seq: number
  readonly type: string
  /** Milliseconds of the epoch. */
  readonly at: number
  readonly data: { readonly [key: string]: JsonValue }
  /** Arguments, results, messages: kept beside the journal, which has their digest; undefined when the line carries nothing. */
  readonly payload: JsonValue | undefined
}

/** What the author of a line says. */
export interface Tale {
  readonly type: string
  readonly data: { readonly [key: string]: JsonValue }
  readonly payload?: JsonValue
}
