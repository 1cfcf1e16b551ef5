import { availableParallelism } from 'node:os'
import { openPostgres, openSqlite, type Stores } from '../../apps/castellan/src/adapters/store-sql/index.ts'
import { freshPostgres } from '../../apps/castellan/src/adapters/store-sql/testing/fresh-postgres.ts'
import { systemClock } from '../../apps/castellan/src/kernel/index.ts'
import { postgresForTests } from '../../tests/support/services.ts'
import { calibrate } from '../calibration.ts'
import type { Finding, Measurement, Setting } from '../measurement.ts'
import { percentile } from '../report/statistics.ts'
import { type Batch, type Load, loads, openEmbedded, openWorkers } from '../stage/fleet.ts'
import { driveAlone, LINES, type Passage } from '../stage/lone-engine.ts'
import { scratchFolder } from '../stage/scratch.ts'

export const runs: Measurement = {
  name: 'runs',
  about:
    'What carries out runs. First the engine alone in one process: agents that ask their model, call a tool, ask again and are done; model ' +
    'and tool answer at once and without the gate. Claimed to first line is from when the engine holds a run until the first line it writes ' +
    'of it is in the store. Then real nodes, `castellan up`, whose calls go through the gate to the echo server: one on SQLite, and on ' +
    'PostgreSQL 1, 2 and 4 processes with `--role worker`, for which another process queues runs. All of a batch become due at one moment. ' +
    'Nodes, PostgreSQL and echo server share the processors of this machine: once all of them are busy, further workers add nothing, and where ' +
    'the model takes a second it is the places of the workers (96 runs of one tenant each) that more of them add.',
  run: measure,
}

const atOnce = 'agents, model at once'
const every = Object.keys(loads) as Load[]
/** Of a model that takes a second there is nothing to learn one by one. */
const prompt = every.filter(load => load !== 'agents, model takes 1 s')
const sizes = {
  full: {
    alone: { 'one at a time': 300, 'all at once': 2_000 },
    together: 1_000,
    oneByOne: 200,
    workers: [1, 2, 4],
    loads: { embedded: every, workers: every, oneByOne: prompt },
  },
  quick: {
    alone: { 'one at a time': 30, 'all at once': 150 },
    together: 60,
    oneByOne: 15,
    workers: [1, 2],
    loads: { embedded: [atOnce], workers: [atOnce, 'agents, model takes 20 ms'], oneByOne: [atOnce] },
  },
} as const satisfies Record<Setting['form'], unknown>

async function measure(setting: Setting): Promise<Finding> {
  const postgres = await postgresForTests()
  const server = postgres.skip === false ? postgres.url : null
  const findings = [await measureEngine(setting, server), await measureNodes(setting, server)]
  return {
    tables: findings.flatMap(({ tables }) => tables),
    numbers: Object.assign({}, ...findings.map(({ numbers }) => numbers)) as Finding['numbers'],
    wrong: findings.flatMap(({ wrong }) => wrong),
  }
}

/** One engine in this process, on each store. */
async function measureEngine({ form, say }: Setting, server: string | null): Promise<Finding> {
  const stores: Record<string, () => Promise<Stores>> = {
    SQLite: () => openSqlite({ folder: scratchFolder('castellan'), clock: systemClock }),
    ...(server === null ? {} : { PostgreSQL: () => openFresh(server) }),
  }
  const rows: (string | number)[][] = []
  const numbers: Record<string, number> = {}
  const wrong: string[] = []
  for (const [store, open] of Object.entries(stores)) {
    for (const load of ['one at a time', 'all at once'] as const) {
      const count = sizes[form].alone[load]
      const { passages, seconds, failed } = await driveAlone(await open(), count, load)
      if (failed > 0) wrong.push(`${failed} of ${count} runs on ${store}, ${load}, did not complete`)
      const between = (from: keyof Passage, to: keyof Passage) => quantiles(passages.map(each => each[to] - each[from]))
      const perSecond = count / seconds
      const begun = between('claimed', 'begun')
      rows.push([store, load, count, perSecond, perSecond * LINES, ...between('due', 'claimed'), ...begun, ...between('due', 'ended')]) // prettier-ignore
      numbers[`runs engine ${store} ${load} runs/s`] = perSecond
      numbers[`runs engine ${store} ${load} claimed to first line p50 ms`] = begun[0]
      numbers[`runs engine ${store} ${load} claimed to first line p99 ms`] = begun[1]
      say(`engine on ${store}, ${load}: ${perSecond.toFixed(0)} runs/s, claimed to first line ${begun[0].toFixed(1)} ms, p99 ${begun[1].toFixed(1)} ms`) // prettier-ignore
    }
  }
  const columns = ['store', 'runs', 'how many', 'runs/s', 'lines/s', ...spans('due to claimed', 'claimed to first line', 'due to ended')] // prettier-ignore
  return { tables: [{ title: 'The engine alone', columns, rows }], numbers, wrong }
}

/** Nodes as processes of their own. */
async function measureNodes({ form, say }: Setting, server: string | null): Promise<Finding> {
  const { together: count, oneByOne: apart, workers, loads: carried } = sizes[form]
  const together: (string | number)[][] = []
  const oneByOne: (string | number)[][] = []
  const numbers: Record<string, number> = {}
  const wrong: string[] = []
  const note = (nodes: string, load: Load, batch: Batch, alone?: number) => {
    const perSecond = count / batch.seconds
    const calls = perSecond * loads[load].calls
    const ratio = alone === undefined ? Number.NaN : perSecond / alone
    const { begun, ended, processor, busy, failed } = batch
    if (failed > 0) wrong.push(`${failed} of ${count} runs on ${nodes} (${load}) did not complete`)
    together.push([nodes, load, perSecond, calls, ratio, processor, busy, ...quantiles(begun), ...quantiles(ended)])
    numbers[`runs ${nodes}, ${load} runs/s`] = perSecond
    numbers[`runs ${nodes}, ${load} calls/s`] = calls
    numbers[`runs ${nodes}, ${load} processor / calibration`] = (processor * 1_000) / calibrate()
    if (alone !== undefined) numbers[`runs ${nodes}, ${load} / 1 worker`] = ratio
    say(`${nodes}, ${load}: ${perSecond.toFixed(0)} runs/s, ${calls.toFixed(0)} calls/s, ${processor.toFixed(1)} ms of processor a run`) // prettier-ignore
    return perSecond
  }
  {
    await using embedded = await openEmbedded(carried.embedded)
    for (const load of carried.embedded) note('SQLite, 1 node', load, await embedded.carryOut(load, count))
  }
  if (server !== null) {
    const { url, drop } = await freshPostgres(server)
    await using _dropped = { [Symbol.asyncDispose]: drop }
    await using fleet = await openWorkers(url, carried.workers)
    const alone = new Map<Load, number>()
    for (const many of workers) {
      await fleet.grow(many)
      for (const load of carried.workers) {
        const nodes = `PostgreSQL, ${many} ${many === 1 ? 'worker' : 'workers'}`
        const perSecond = note(nodes, load, await fleet.carryOut(load, count), alone.get(load))
        if (many === 1) alone.set(load, perSecond)
      }
      if (many > 1) continue
      for (const load of carried.oneByOne) {
        const { begun, ended, failed } = await fleet.oneByOne(load, apart)
        if (failed > 0) wrong.push(`${failed} of ${apart} runs one by one (${load}) did not complete`)
        oneByOne.push([load, ...quantiles(begun), ...quantiles(ended)])
        numbers[`runs PostgreSQL, one by one, ${load} due to first line p50 ms`] = quantiles(begun)[0]
        numbers[`runs PostgreSQL, one by one, ${load} due to first line p99 ms`] = quantiles(begun)[1]
      }
    }
  }
  const reached = spans('due to first line', 'due to ended')
  return {
    tables: [
      {
        title: `${count} runs that become due at one moment, on a machine with ${availableParallelism()} processors`,
        columns: [
          'nodes',
          'runs',
          'runs/s',
          'calls/s',
          '/ 1 worker',
          'processor ms / run',
          'processors busy',
          ...reached,
        ],
        rows: together,
      },
      {
        title: `${apart} runs one by one, queued by another process than the worker, on PostgreSQL`,
        columns: ['runs', ...reached],
        rows: oneByOne,
      },
    ],
    numbers,
    wrong,
  }
}

async function openFresh(server: string): Promise<Stores> {
  const { url, drop } = await freshPostgres(server)
  const opened = await openPostgres({ url })
  return { ...opened, close: async () => (await opened.close(), drop()) }
}

function quantiles(milliseconds: readonly number[]): [p50: number, p99: number] {
  const sorted = Float64Array.from(milliseconds).sort()
  return [percentile(sorted, 50), percentile(sorted, 99)]
}

function spans(...names: readonly string[]): readonly string[] {
  return names.flatMap(name => [`${name} p50 ms`, 'p99 ms'])
}
