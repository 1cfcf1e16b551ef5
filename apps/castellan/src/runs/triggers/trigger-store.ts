import type { Entry } from '../../journal/index.ts'
import type { NewRun } from '../run-store.ts'
import type { Beginning, Trigger, TriggerStanding } from './trigger.ts'

/** What became of an entry that a trigger is for. */
export type Passage =
  | { readonly is: 'started'; readonly run: NewRun }
  | { readonly is: 'failed'; readonly why: string }
  | { readonly is: 'refused'; readonly why: string }

/** As whoever has a trigger stand still, or go on, knows it. */
export type Turning = Pick<TriggerStanding, 'standstills' | 'moment'>

/** An entry that a trigger could not make a run of. */
export interface Failure {
  readonly offset: number
  readonly why: string
}

/**
 * The port behind triggers. A trigger has one place in the journal for all processes: whoever moves it says from where, and of several one
 * gets through. Entries that are given are appended in the same transaction. Every adapter passes `trigger-store.testsuite.ts`.
 */
export interface TriggerStore {
  /** Of a tenant, or of all, by name. */
  triggers(tenant?: string): Promise<TriggerStanding[]>
  one(tenant: string, id: string): Promise<Trigger | undefined>
  /** Throws `NAME_TAKEN`. */
  create(trigger: Trigger, beginning: Beginning, entries: readonly Entry[]): Promise<void>
  /** Saves the next version; with a beginning it goes on from there. Throws `NAME_TAKEN`, `VERSION_CONFLICT`. */
  save(trigger: Trigger, beginning: Beginning | null, entries: readonly Entry[]): Promise<void>
  /** Its runs go on; what it could not make runs of is forgotten. Throws `NOT_FOUND`. */
  remove(tenant: string, id: string, entries: readonly Entry[]): Promise<void>
  /** Nothing on the way was for it. Throws `VERSION_CONFLICT` when somebody else moved it, or it was changed meanwhile. */
  skip(trigger: Trigger, from: number, to: number): Promise<void>
  /**
   * Moves it to an entry that was for it, and starts the run of that, or keeps it as a failure: both or neither. Throws `VERSION_CONFLICT` as {@link skip} does, and
   * `TRIGGER_FULL` when as many runs of it are open as may be.
   */
  pass(trigger: Trigger, from: number, to: number, passage: Passage, entries: readonly Entry[]): Promise<void>
  /** Moments of it have passed, of which the entries tell. Throws `VERSION_CONFLICT` when somebody else was faster. */
  tick(trigger: Trigger, from: number, to: number, entries: readonly Entry[]): Promise<void>
  /**
   * Has it stand still, or go on when it does, and moves its moment; to the same place when none has passed. Throws `VERSION_CONFLICT` when somebody else was
   * faster, or it was changed meanwhile.
   */
  turn(trigger: Trigger, from: Turning, moment: number, entries: readonly Entry[]): Promise<void>
  /** How many failures of it are kept. */
  kept(trigger: string): Promise<number>
  /** What it could not make runs of, the newest first, before an offset. */
  failures(trigger: string, before: number, limit: number): Promise<Failure[]>
  /** Starts the run of a failure and forgets that. Throws `NOT_FOUND` when it is not there any more, and `TRIGGER_FULL`. */
  redrive(trigger: Trigger, offset: number, run: NewRun, entries: readonly Entry[]): Promise<void>
  /** Forgets a failure. Throws `NOT_FOUND`. */
  drop(trigger: Trigger, offset: number, entries: readonly Entry[]): Promise<void>
}
