import type { JsonValue } from '../../kernel/index.ts'
import type { OnBehalf } from '../run.ts'

/** What starts runs by itself, and which. */
export interface TriggerSpec {
  /** Unique in its tenant. */
  readonly name: string
  readonly description: string
  readonly source: TriggerSource
  /** An expression over what happened; only when it is true a run is started. Null for always. */
  readonly condition: string | null
  readonly starts: TriggerStart
  /** Runs of it that may be open at once; what is over waits. */
  readonly mostOpen: number
  readonly enabled: boolean
}

export type TriggerSource =
  /** Each entry of the journal whose type matches. */
  | { readonly is: 'entry'; readonly topic: string }
  /** Moments by the clock of a time zone. */
  | { readonly is: 'cron'; readonly expression: string; readonly zone: string; readonly catchUp: CatchUp }
  /** Signed calls from outside. */
  | {
      readonly is: 'webhook'
      /** Name of the stored secret that they are signed with. */
      readonly secret: string
      /** Milliseconds that the clocks of the two may be apart. */
      readonly tolerance: number
    }

/** Which moments still count that passed while nobody was there: the last of them, none, or all within bounds. */
export type CatchUp = 'last' | 'none' | 'all'

export interface TriggerStart {
  readonly kind: 'agent' | 'team' | 'workflow'
  /** Of what is started; looked up each time. */
  readonly name: string
  /** What it is given: texts in it that begin with `=` are expressions over what happened. */
  readonly input: JsonValue
  readonly priority: number
}

export interface Trigger extends TriggerSpec {
  readonly id: string
  readonly tenant: string
  readonly version: number
  /** Whoever described it last, by what they showed then: its runs can do no more. */
  readonly by: OnBehalf
}

/** How far a trigger has got. */
export interface TriggerStanding {
  readonly trigger: Trigger
  /** The offset up to which the journal was looked through. */
  readonly position: number
  /** Milliseconds of the epoch: the moment up to which those of cron are dealt with. */
  readonly moment: number
  readonly open: number
  readonly started: number
  /** What happened and could not be made a run. */
  readonly failed: number
  /** How much of that is kept: neither redriven nor dropped. */
  readonly kept: number
  /** Goes up by one when it comes to a standstill, and when it goes on: see {@link standsStill}. */
  readonly standstills: number
  /** What happened because of its own runs, or at the end of too long a chain. */
  readonly refused: number
  /** Why the last of those that failed or were refused was; null once one has started since. */
  readonly trouble: string | null
}

/** Whether as much was kept of what failed as may be: then nothing is started until somebody has seen to some of it. */
export function standsStill({ standstills }: Pick<TriggerStanding, 'standstills'>): boolean {
  return standstills % 2 === 1
}

/** The beginning of a trigger that looks at what comes from now on. */
export interface Beginning {
  readonly position: number
  readonly moment: number
}
