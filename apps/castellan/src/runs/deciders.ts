import type { Decider } from './decider.ts'
import type { RunKind } from './run.ts'

/** Who decides, by kind of run. */
export type Deciders = Readonly<Record<RunKind, Decider<unknown>>>
