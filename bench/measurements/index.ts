import type { Measurement } from '../measurement.ts'
import { httpCalls, stdioCalls } from './calls.ts'
import { cycles } from './cycles.ts'
import { gate } from './gate.ts'
import { guardrails } from './guardrails.ts'
import { lifecycle } from './lifecycle.ts'
import { listing } from './listing.ts'
import { memory } from './memory.ts'
import { pooling } from './pooling.ts'
import { report } from './report.ts'
import { runs } from './runs.ts'
import { startUp } from './start-up.ts'

/** Everything that is measured, in the order of the report. */
export const measurements: readonly Measurement[] = [
  gate,
  guardrails,
  httpCalls,
  stdioCalls,
  lifecycle,
  pooling,
  listing,
  memory,
  cycles,
  report,
  runs,
  startUp,
]
