import { type Revision, revisions } from '../echo/dialect.ts'
import { LoadGenerator } from '../load/load-generator.ts'
import type { Load, Target } from '../load/plan.ts'
import type { Finding, Measurement, Setting, Table } from '../measurement.ts'
import { type Castellan, startCastellan } from '../stage/castellan.ts'
import { startChild } from '../stage/child.ts'
import { processorMilliseconds, residentMegabytes } from '../stage/process-facts.ts'
import { median } from '../report/statistics.ts'
import { echoCommand, mcpOf, register, startEcho } from '../stage/servers.ts'
import { profiled } from '../stage/profiled.ts'

/** Ways to the echo server, in the order they are taken in each repetition. */
export const ways = ['direct', 'bare hop', 'SDK hop', 'Castellan'] as const
export type Way = (typeof ways)[number]

export const httpCalls = callsOver('http')
export const stdioCalls = callsOver('stdio')

interface Extent {
  readonly revisions: readonly Revision[]
  /** Bytes. */
  readonly payloads: readonly number[]
  readonly concurrencies: readonly number[]
  readonly repetitions: number
  /** Milliseconds. */
  readonly warmUp: number
  readonly measured: number
}

const extents: Readonly<Record<Setting['form'], Extent>> = {
  full: { revisions, payloads: [64, 4_096], concurrencies: [1, 8, 32], repetitions: 3, warmUp: 700, measured: 2_000 },
  quick: { revisions, payloads: [64], concurrencies: [8], repetitions: 2, warmUp: 400, measured: 700 },
}
/** Of one way of one case; bounds the memory of the load generator. */
const MAX_CALLS = 1_000_000
/** Before anything is counted every way has seen so many calls, or as many as fit into so many milliseconds. */
const FIRST_CALLS = { maxCalls: 2_000, full: 5_000, quick: 1_500 }

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
  let memory: Memory
  let passed = 0
  {
    await using stage = await openStage(transport, extent.revisions, profiling.flags)
    await using generator = new LoadGenerator()
    const before = residentMegabytes(stage.castellan.pid)
    for (const revision of extent.revisions) {
      for (const way of ways) {
        const { target, tool } = stage.way(way, revision)
        const [measured, maxCalls] = [FIRST_CALLS[form], FIRST_CALLS.maxCalls]
        await generator.run({ target, revision, tool, payload: 64, concurrency: 8, warmUp: 0, measured, maxCalls })
      }
    }
    profiling.begin()
    for (const revision of extent.revisions) {
      for (const payload of extent.payloads) {
        for (const concurrency of extent.concurrencies) {
          const runs: Record<Way, Run[]> = { direct: [], 'bare hop': [], 'SDK hop': [], Castellan: [] }
          for (let repetition = 0; repetition < extent.repetitions; repetition++) {
            for (const way of ways) {
              const { target, tool, pid } = stage.way(way, revision)
              const processor = pid === null ? Number.NaN : processorMilliseconds(pid)
              const { warmUp, measured } = extent
              const plan = { target, revision, tool, payload, concurrency, warmUp, measured, maxCalls: MAX_CALLS }
              const load = await generator.run(plan)
              if (way === 'Castellan') passed += load.calls + load.warmUpCalls
              const used = pid === null ? Number.NaN : processorMilliseconds(pid) - processor
              runs[way].push({ ...load, processorPerCall: (used * 1_000) / (load.calls + load.warmUpCalls) })
            }
          }
          for (const way of ways) {
            const row = summed({ revision, payload, concurrency, way }, runs[way])
            rows.push(row)
            say(lineOf(row))
            if (row.errors > 0)
              wrong.push(`${nameOf(transport, row)}: ${row.errors} errors, the first: ${row.firstError}`)
          }
        }
      }
    }
    profiling.end()
    memory = { before, after: residentMegabytes(stage.castellan.pid) }
  }
  const tables = [callTable(transport, rows), memoryTable(memory), ...profiling.tables(passed)]
  return { tables, numbers: { ...numbersOf(transport, rows), ...memoryNumbers(transport, memory) }, wrong }
}

interface Stage extends AsyncDisposable {
  readonly castellan: Castellan
  way(way: Way, revision: Revision): { readonly target: Target; readonly tool: string; readonly pid: number | null }
}

const at = (path: string) => new URL(path, import.meta.url).pathname
const hops = { http: at('../hops/relay-http.ts'), stdio: at('../hops/relay-stdio.ts'), sdk: at('../hops/sdk.ts') }

/** An echo server and the hops for each revision, and one control plane that knows them all. */
async function openStage(
  transport: 'http' | 'stdio',
  revisions: readonly Revision[],
  flags: readonly string[],
): Promise<Stage> {
  await using opening = new AsyncDisposableStack()
  const castellan = opening.use(await startCastellan({ flags }))
  const key = await castellan.member()
  const found = new Map<string, ReturnType<Stage['way']>>()
  for (const revision of revisions) {
    const command = echoCommand(revision)
    const server = transport === 'http' ? opening.use(await startEcho(revision)) : command
    const upstream = 'url' in server ? [server.url] : [server.command, ...server.args]
    const relay = opening.use(await startChild({ program: hops[transport], args: upstream }))
    const sdk = opening.use(await startChild({ program: hops.sdk, args: [revision, ...upstream] }))
    const name = `echo${revision.slice(0, 4)}`
    await register(castellan, name, server)
    const http = (url: string): Target => ({ over: 'http', url, key: null })
    const direct: Target = 'url' in server ? http(server.url) : command
    found.set(`direct ${revision}`, { target: direct, tool: 'echo', pid: null })
    found.set(`bare hop ${revision}`, { target: http(relay.url), tool: 'echo', pid: relay.pid })
    found.set(`SDK hop ${revision}`, { target: http(sdk.url), tool: 'echo', pid: sdk.pid })
    const ours = { target: mcpOf(castellan, key), tool: `${name}__echo`, pid: castellan.pid }
    found.set(`Castellan ${revision}`, ours)
  }
  const stage = opening.move()
  return {
    castellan,
    way: (way, revision) => found.get(`${way} ${revision}`)!,
    [Symbol.asyncDispose]: () => stage.disposeAsync(),
  }
}

interface Run extends Load {
  /** Microseconds of processor in the process in the middle, all its threads together. */
  readonly processorPerCall: number
}

interface Case {
  readonly revision: Revision
  readonly payload: number
  readonly concurrency: number
  readonly way: Way
}

type Row = Case & Omit<Run, 'calls' | 'warmUpCalls'>

function summed(of: Case, runs: readonly Run[]): Row {
  const middle = (pick: (run: Run) => number) => median(runs.map(pick))
  return {
    ...of,
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

function caseOf({ revision, payload, concurrency }: Omit<Case, 'way'>): string {
  return `${revision} ${payload} B c=${concurrency}`
}

function nameOf(transport: string, row: Case): string {
  return `${transport} ${caseOf(row)} ${row.way}`
}

function lineOf(row: Row): string {
  const { callsPerSecond, p50, p99, processorPerCall } = row
  const processor = Number.isNaN(processorPerCall) ? '' : `, ${processorPerCall.toFixed(0)} µs of processor per call`
  const errors = row.errors > 0 ? `, ${row.errors} ERRORS` : ''
  const rate = `${callsPerSecond.toFixed(0).padStart(7)} calls/s`
  return `${caseOf(row).padEnd(22)} ${row.way.padEnd(10)} ${rate}  p50 ${p50.toFixed(2)}  p99 ${p99.toFixed(2)} ms${processor}${errors}`
}

function callTable(transport: string, rows: readonly Row[]): Table {
  return {
    title: `Calls, server over ${transport}`,
    columns: [
      'case',
      'way',
      'calls/s',
      'p50 ms',
      'p99 ms',
      'added p50 ms',
      'of direct',
      'of bare hop',
      'processor µs/call',
      'generator busy %',
      'errors',
    ],
    rows: rows.map(row => {
      const { direct, bare } = comparedWith(rows, row)
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

/** The ratios are what other machines can be held to. */
function numbersOf(transport: string, rows: readonly Row[]): Record<string, number> {
  const numbers: Record<string, number> = {}
  for (const row of rows) {
    const name = nameOf(transport, row)
    numbers[`${name} calls/s`] = row.callsPerSecond
    numbers[`${name} p50 ms`] = row.p50
    numbers[`${name} p99 ms`] = row.p99
    numbers[`${name} processor µs/call`] = row.processorPerCall
    const { direct, bare, sdk } = comparedWith(rows, row)
    if (row.way !== 'Castellan') continue
    numbers[`${name} / direct`] = row.callsPerSecond / direct.callsPerSecond
    numbers[`${name} / bare hop`] = row.callsPerSecond / bare.callsPerSecond
    numbers[`${name} processor / bare hop`] = row.processorPerCall / bare.processorPerCall
    numbers[`${name} / SDK hop`] = row.callsPerSecond / sdk.callsPerSecond
  }
  return numbers
}

function comparedWith(rows: readonly Row[], of: Row) {
  const by = (way: Way) => rows.find(row => caseOf(row) === caseOf(of) && row.way === way)!
  return { direct: by('direct'), bare: by('bare hop'), sdk: by('SDK hop') }
}

/** Megabytes. */
interface Memory {
  readonly before: number
  readonly after: number
}

function memoryTable({ before, after }: Memory): Table {
  return {
    title: 'Memory of Castellan, resident',
    columns: ['before the load MB', 'after the load MB'],
    rows: [[before, after]],
  }
}

function memoryNumbers(transport: string, { before, after }: Memory): Record<string, number> {
  return { [`${transport} memory before MB`]: before, [`${transport} memory after MB`]: after }
}
