import type { Revision } from '../echo/dialect.ts'
import type { Load } from '../load/plan.ts'
import type { Table } from '../measurement.ts'
import type { Way } from '../stage/ways.ts'
import { median } from './statistics.ts'

/** What is called, and how much of it at once. */
export interface Case {
  readonly revision: Revision
  /** Bytes. */
  readonly payload: number
  readonly concurrency: number
}

export interface Run extends Load {
  /** Microseconds of processor in the process in the middle, all its threads together. */
  readonly processorPerCall: number
}

/** All runs of a case by one way: medians, and all errors. */
export interface Row extends Case, Omit<Run, 'calls' | 'warmUpCalls'> {
  readonly way: Way
}

export function rowOf(of: Case, way: Way, runs: readonly Run[]): Row {
  const middle = (pick: (run: Run) => number) => median(runs.map(pick))
  return {
    ...of,
    way,
    callsPerSecond: middle(run => run.callsPerSecond),
    p50: middle(run => run.p50),
    p99: middle(run => run.p99),
    max: middle(run => run.max),
    ownProcessor: middle(run => run.ownProcessor),
    processorPerCall: middle(run => run.processorPerCall),
    errors: runs.reduce((total, run) => total + run.errors, 0),
    firstError: runs.find(run => run.firstError !== null)?.firstError ?? null,
  }
}

export function nameOf(row: Row): string {
  return `${caseOf(row)} ${row.way}`
}

/** For whoever waits. */
export function lineOf(row: Row): string {
  const { callsPerSecond, p50, p99, processorPerCall } = row
  const rate = `${callsPerSecond.toFixed(0).padStart(7)} calls/s`
  const processor = Number.isNaN(processorPerCall) ? '' : `, ${processorPerCall.toFixed(0)} µs of processor per call`
  const errors = row.errors > 0 ? `, ${row.errors} ERRORS` : ''
  const times = `p50 ${p50.toFixed(2)}  p99 ${p99.toFixed(2)} ms`
  return `${caseOf(row).padEnd(22)} ${row.way.padEnd(10)} ${rate}  ${times}${processor}${errors}`
}

export function callTable(title: string, rows: readonly Row[]): Table {
  const compared = ['added p50 ms', 'of direct', 'of bare hop']
  const costs = ['processor µs/call', 'generator busy %', 'errors']
  return {
    title,
    columns: ['case', 'way', 'calls/s', 'p50 ms', 'p99 ms', ...compared, ...costs],
    rows: rows.map(row => {
      const { direct, bare } = besides(rows, row)
      return [
        caseOf(row),
        row.way,
        row.callsPerSecond,
        row.p50,
        row.p99,
        row.p50 - direct.p50,
        row.callsPerSecond / direct.callsPerSecond,
        row.callsPerSecond / bare.callsPerSecond,
        row.processorPerCall,
        row.ownProcessor * 100,
        row.errors,
      ]
    }),
  }
}

/** Every row in numbers, and for ours the ratios, which are what another machine can be held to. */
export function callNumbers(transport: string, rows: readonly Row[]): Record<string, number> {
  const numbers: Record<string, number> = {}
  for (const row of rows) {
    const name = `${transport} ${nameOf(row)}`
    numbers[`${name} calls/s`] = row.callsPerSecond
    numbers[`${name} p50 ms`] = row.p50
    numbers[`${name} p99 ms`] = row.p99
    numbers[`${name} processor µs/call`] = row.processorPerCall
    if (row.way !== 'Castellan') continue
    const { direct, bare, sdk } = besides(rows, row)
    numbers[`${name} / direct`] = row.callsPerSecond / direct.callsPerSecond
    numbers[`${name} / bare hop`] = row.callsPerSecond / bare.callsPerSecond
    numbers[`${name} / SDK hop`] = row.callsPerSecond / sdk.callsPerSecond
    numbers[`${name} processor / bare hop`] = row.processorPerCall / bare.processorPerCall
  }
  return numbers
}

function caseOf({ revision, payload, concurrency }: Case): string {
  return `${revision} ${payload} B c=${concurrency}`
}

/** The other ways of the same case. */
function besides(rows: readonly Row[], of: Row) {
  const by = (way: Way) => rows.find(row => caseOf(row) === caseOf(of) && row.way === way)!
  return { direct: by('direct'), bare: by('bare hop'), sdk: by('SDK hop') }
}
