import { setTimeout as pause } from 'node:timers/promises'
import { revisions } from '../echo/dialect.ts'
import { LoadGenerator } from '../load/load-generator.ts'
import type { Load, Plan } from '../load/plan.ts'
import type { Finding, Measurement, Setting, Table } from '../measurement.ts'
import { callNumbers, callTable, type Case, lineOf, nameOf, type Row, rowOf, type Run } from '../report/call-rows.ts'
import type { Castellan } from '../stage/castellan.ts'
import { processorMilliseconds, residentMegabytes } from '../stage/process-facts.ts'
import { profiled } from '../stage/profiled.ts'
import { openWays, type Road, type Way, ways, type Ways } from '../stage/ways.ts'

export const httpCalls = callsOver('http')
export const stdioCalls = callsOver('stdio')

interface Extent {
  /** Bytes. */
  readonly payloads: readonly number[]
  readonly concurrencies: readonly number[]
  readonly repetitions: number
  /** Milliseconds of each way in each repetition. */
  readonly warmUp: number
  readonly measured: number
  /** Milliseconds of each way before anything is counted. */
  readonly first: number
}

const extents: Readonly<Record<Setting['form'], Extent>> = {
  full: {
    payloads: [64, 4_096],
    concurrencies: [1, 8, 32],
    repetitions: 3,
    warmUp: 700,
    measured: 2_000,
    first: 5_000,
  },
  quick: { payloads: [64], concurrencies: [8], repetitions: 2, warmUp: 400, measured: 700, first: 1_500 },
}
/** Calls by each way before anything is counted, if they fit into the time. */
const FIRST_CALLS = 2_000
/** Of one run; bounds the memory of the load generator. */
const MAX_CALLS = 1_000_000
/** Milliseconds after the load in which the journal must have all of it. */
const JOURNAL_PATIENCE = 20_000

function callsOver(transport: 'http' | 'stdio'): Measurement {
  return {
    name: transport,
    about:
      `Calls of a tool that echoes its argument, on a server of ours over ${transport}, each answer checked. Direct, ` +
      'through a hop that only relays, through a hop of the official SDK that checks nothing, and through Castellan with ' +
      'everything on: key, grants, schema, starter policies, journal, log. Medians of repetitions that take turns.',
    canProfile: true,
    run: setting => measure(transport, setting),
  }
}

async function measure(transport: 'http' | 'stdio', { form, say, profile }: Setting): Promise<Finding> {
  const extent = extents[form]
  const profiling = profiled(profile)
  const rows: Row[] = []
  const wrong: string[] = []
  let passed = 0
  let aside: Aside
  {
    await using roads = await openWays(transport, revisions, profiling.flags)
    await using generator = new LoadGenerator()
    const { castellan } = roads
    const before = residentMegabytes(castellan.pid)
    const first = await firstCalls(roads, generator, extent)
    profiling.begin()
    for (const each of casesOf(extent)) {
      const runs = await takeTurns(roads, generator, each, extent)
      passed += runs.Castellan.reduce((sum, { calls, warmUpCalls }) => sum + calls + warmUpCalls, 0)
      for (const way of ways) {
        const row = rowOf(each, way, runs[way])
        rows.push(row)
        say(lineOf(row))
        if (row.errors > 0) wrong.push(`${transport} ${nameOf(row)}: ${row.errors} errors, first: ${row.firstError}`)
      }
    }
    profiling.end()
    const behind = await journaledWithin(castellan, first + passed, wrong)
    aside = { behind, before, after: residentMegabytes(castellan.pid) }
  }
  return {
    tables: [
      callTable(`Calls, server over ${transport}`, rows),
      asideTable(aside),
      // The profiles are written when the process ends.
      ...profiling.tables(passed),
    ],
    numbers: { ...callNumbers(transport, rows), ...asideNumbers(transport, aside) },
    wrong,
  }
}

function* casesOf({ payloads, concurrencies }: Extent): Generator<Case> {
  for (const revision of revisions) {
    for (const payload of payloads) {
      for (const concurrency of concurrencies) yield { revision, payload, concurrency }
    }
  }
}

/** Lets every way see calls before the first are counted; tells how many of them Castellan answered. */
async function firstCalls(roads: Ways, generator: LoadGenerator, extent: Extent): Promise<number> {
  let answered = 0
  const length = { warmUp: 0, measured: extent.first, maxCalls: FIRST_CALLS }
  for (const revision of revisions) {
    for (const way of ways) {
      const of = { revision, payload: 64, concurrency: 8 }
      const { calls } = await generator.run(planOf(of, roads.to(way, revision), length))
      if (way === 'Castellan') answered += calls
    }
  }
  return answered
}

async function takeTurns(
  roads: Ways,
  generator: LoadGenerator,
  of: Case,
  { repetitions, warmUp, measured }: Extent,
): Promise<Record<Way, readonly Run[]>> {
  const runs: Record<Way, Run[]> = { direct: [], 'bare hop': [], 'SDK hop': [], Castellan: [] }
  for (let repetition = 0; repetition < repetitions; repetition++) {
    for (const way of ways) {
      const road = roads.to(way, of.revision)
      const before = processorOf(road)
      const load = await generator.run(planOf(of, road, { warmUp, measured, maxCalls: MAX_CALLS })).catch(cameToNothing)
      const used = processorOf(road) - before
      runs[way].push({ ...load, processorPerCall: (used * 1_000) / (load.calls + load.warmUpCalls) })
    }
  }
  return runs
}

function planOf(of: Case, { target, tool }: Road, length: Pick<Plan, 'warmUp' | 'measured' | 'maxCalls'>): Plan {
  return { ...of, target, tool, ...length }
}

function processorOf({ pid }: Road): number {
  return pid === null ? Number.NaN : processorMilliseconds(pid)
}

/** A run that came to nothing is one error, not the end of all others. */
function cameToNothing(error: unknown): Load {
  const nothing = { callsPerSecond: 0, p50: Number.NaN, p99: Number.NaN, max: Number.NaN, ownProcessor: Number.NaN }
  return { ...nothing, calls: 0, warmUpCalls: 0, errors: 1, firstError: (error as Error).message }
}

/**
 * Milliseconds until every call is counted, which is done from the journal: a control plane that forgets some, or is far
 * behind, is not compared with others.
 */
async function journaledWithin(castellan: Castellan, calls: number, wrong: string[]): Promise<number> {
  const started = performance.now()
  for (;;) {
    const counted = (await castellan.text('/metrics')).matchAll(/^castellan_calls_total\{[^}]*\} (\d+)/gm)
    const journaled = counted.reduce((sum, [, count]) => sum + Number(count), 0)
    const waited = performance.now() - started
    if (journaled >= calls) return waited
    if (waited > JOURNAL_PATIENCE) {
      wrong.push(`${journaled} of ${calls} calls were journaled ${JOURNAL_PATIENCE} ms after the load`)
      return waited
    }
    await pause(50)
  }
}

/** What was seen of Castellan besides. */
interface Aside {
  /** Resident megabytes. */
  readonly before: number
  readonly after: number
  /** Milliseconds from the end of the load until all of it was read back from the journal. */
  readonly behind: number
}

function asideTable({ before, after, behind }: Aside): Table {
  return {
    title: 'Castellan under this load',
    columns: ['resident before it MB', 'resident after it MB', 'journal behind ms'],
    rows: [[before, after, behind]],
  }
}

function asideNumbers(transport: string, { before, after, behind }: Aside): Record<string, number> {
  return {
    [`${transport} memory before MB`]: before,
    [`${transport} memory after MB`]: after,
    [`${transport} journal behind ms`]: behind,
  }
}
