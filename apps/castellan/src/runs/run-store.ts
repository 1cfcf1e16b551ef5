import type { Charge } from '../gate/index.ts'
import type { Entry } from '../journal/index.ts'
import type { JsonValue } from '../kernel/index.ts'
import type { Run, RunKind, RunState } from './run.ts'

/** The place of a run in the queue, for whoever holds it. */
export interface Held {
  readonly tenant: string
  readonly run: string
  /** Goes up with each that holds it: whoever has an older one holds it no longer. */
  readonly fence: number
  /** How much others have told the run, when it was looked at last. */
  readonly told: number
}

export interface RunFilter {
  readonly kind?: RunKind
  readonly state?: RunState
  readonly name?: string
  readonly principal?: string
  readonly parent?: string
  readonly session?: string
}

/** What a line of a run carries, exactly as it was given. */
export interface Payload {
  readonly tenant: string
  readonly run: string
  readonly seq: number
  readonly salt: Uint8Array
  readonly value: JsonValue
}

/** A new run with its first lines. */
export interface NewRun {
  readonly run: Run
  readonly entries: readonly Entry[]
  readonly payloads: readonly Payload[]
  /** Milliseconds from now in which it becomes due. */
  readonly dueIn: number
  /** Id of the trigger that started it. */
  readonly trigger?: string
}

/** What somebody who does not hold a run tells it. */
export interface Message {
  readonly tenant: string
  readonly run: string
  readonly entry: Entry
  readonly payload: Payload | null
}

/** A turn of a run, all or nothing. */
export interface Turn {
  /** The run as it is from now on; null when its record stays as it is. */
  readonly run: Run | null
  readonly entries: readonly Entry[]
  readonly payloads: readonly Payload[]
  readonly children: readonly NewRun[]
  readonly messages: readonly Message[]
  /** What the run awaits from now on: `approval:<id>`. Whoever changes that makes the run due. Null when it stays as it is. */
  readonly awaits: readonly string[] | null
  /** What was spent. */
  readonly charges: readonly Charge[]
}

export interface ClaimWish {
  /** Who claims: one process. */
  readonly owner: string
  /** Runs to claim, at most. */
  readonly most: number
  /** Of what this owner has under way at once, as much may be of one tenant. */
  readonly mostOfTenant: number
  /** Of what all owners have under way, as much may be of one tenant, however many claim at the same moment. */
  readonly mostOfTenantInAll: number
  /** Milliseconds after which a run is anybody's again, unless the claim is renewed. */
  readonly lease: number
  /** The tenant that was served last: the ones after it come first. */
  readonly after: string
}

/**
 * The port behind runs and the queue they stand in. Times are those of the store, so that the clocks of its users need not agree.
 * Writing appends the given entries in the same transaction; it throws `STORE_UNAVAILABLE` when it cannot, and
 * `STREAM_CONFLICT` when a line has been taken meanwhile. Every adapter passes `run-store.testsuite.ts`.
 */
export interface RunStore {
  start(run: NewRun): Promise<void>
  run(tenant: string, id: string): Promise<Run | undefined>
  /** Newest first, older than the run with id `before`, at most `limit`. */
  runs(tenant: string, filter: RunFilter, before: string | null, limit: number): Promise<Run[]>
  /** The lines of a run from `from` on, and what they carry by its number. */
  lines(tenant: string, run: string, from: number): Promise<{ entries: Entry[]; payloads: Map<number, Payload> }>
  /** Number of the next line of a run. */
  next(tenant: string, run: string): Promise<number>

  /**
   * Takes runs that are due: of each tenant in turn the most urgent, then the oldest. Nobody else gets them until their lease is
   * over. Resolves with none when others were faster.
   */
  claim(wish: ClaimWish): Promise<Held[]>
  /**
   * Makes everything due that is held by somebody who is certainly gone: all of it, in a store that one process at a time may use,
   * and nothing in others. For a start.
   */
  freeOrphans(): Promise<void>
  /** Keeps what is still held for another `lease` milliseconds. */
  renew(owner: string, held: readonly Held[], lease: number): Promise<void>
  /** Everything somebody holds, as it is now. */
  holding(owner: string): Promise<Held[]>
  /** Writes a turn of a run that is held. Throws `RUN_LOST` when it no longer is. A run that ended leaves the queue. */
  advance(held: Held, turn: Turn): Promise<void>
  /**
   * Lets go of a run, which is due again in so many milliseconds, or, when that is null, once it is told something or what it
   * awaits is there. Resolves with false, and keeps it, when it was told something meanwhile. Throws `RUN_LOST`.
   */
  release(held: Held, dueIn: number | null): Promise<boolean>
  /** How much others have told a run that is held. Throws `RUN_LOST`. */
  told(held: Held): Promise<number>
  /** Tells a run something and makes it due. Throws `RUN_ENDED`. */
  tell(message: Message): Promise<void>
  /** Milliseconds until the next run is due, at most `most`. */
  nextDue(most: number): Promise<number>
  /** How many stand in the queue, and how many of them are held, by tenant. */
  backlog(): Promise<{ tenant: string; queued: number; held: number }[]>
}
