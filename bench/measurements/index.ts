import type { Measurement } from '../measurement.ts'
import { gate } from './gate.ts'
import { httpCalls, stdioCalls } from './calls.ts'

/** Everything that is measured, in the order of the report. */
export const measurements: readonly Measurement[] = [httpCalls, stdioCalls, gate]
