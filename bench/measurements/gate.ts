import { setImmediate as turn } from 'node:timers/promises'
import { freezeCall, identify, resolve } from '../../apps/castellan/src/gate/path.ts'
import { systemClock } from '../../apps/castellan/src/kernel/index.ts'
import { calibrate } from '../calibration.ts'
import type { Finding, Measurement, Setting, Table } from '../measurement.ts'
import { percentile } from '../report/statistics.ts'
import { textOf } from '../stage/texts.ts'
import { type InstantGate, openInstantGate, type Tool, tools } from '../stage/instant-gate.ts'

export const gate: Measurement = {
  name: 'gate',
  about:
    'The gate alone in this process, as it is composed in the product: grants, schema, limits, starter policies in Cedar, ' +
    'dedupe, journal on SQLite; the server behind it answers at once. One pass at a time. Times are from the call to its ' +
    'answer; "processor" is all of this process, the thread that writes the journal included. One unit of calibration is a ' +
    'fixed loop of parsing, writing and hashing JSON.',
  run: measure,
}

const passes = {
  full: { warmUp: 3_000, measured: 10_000 },
  quick: { warmUp: 500, measured: 1_500 },
}
/** Milliseconds after which there are enough passes of one kind, however slow the machine is. */
const ENOUGH = 15_000
const payloads = [64, 4_096]
const plain = tools.flatMap(tool => payloads.map(payload => ({ tool, payload, budgets: false, prose: false })))
/** Said anew each time, so that no guardrail remembers it. */
const prose = tools.map(tool => ({ tool, payload: 1_024, budgets: false, prose: true }))
/** In the order in which they run: once there are budgets, they stay. */
const kinds = [...plain, ...prose, ...tools.map(tool => ({ tool, payload: 64, budgets: true, prose: false }))]

function nameOf({ tool, budgets, prose: isProse }: (typeof kinds)[number]): string {
  return `${tool}${budgets ? ', three budgets' : ''}${isProse ? ', new prose' : ''}`
}

/** What is sent at a turn. */
function textsOf({ payload, prose: isProse }: (typeof kinds)[number]): (turn: number) => string {
  if (!isProse) return () => 'x'.repeat(payload)
  const said = textOf('prose', payload)
  return turn => `${turn} ${said}`.slice(0, payload)
}

async function measure({ form, say }: Setting): Promise<Finding> {
  const { warmUp, measured } = passes[form]
  const calibration = calibrate()
  const whole: Whole[] = []
  const wrong: string[] = []
  {
    await using instant = await openInstantGate()
    for (const kind of kinds) {
      const { tool, payload, budgets } = kind
      if (budgets) await instant.setBudgets()
      const text = textsOf(kind)
      await passMany(instant, tool, text, warmUp)
      const processor = process.cpuUsage()
      const times = await passMany(instant, tool, text, measured)
      await instant.flush()
      const { user, system } = process.cpuUsage(processor)
      const seen = { name: nameOf(kind), payload, ...spread(times), processor: (user + system) / times.length }
      whole.push(seen)
      say(`${seen.name} ${payload} B: p50 ${seen.p50.toFixed(1)} µs, p99 ${seen.p99.toFixed(1)} µs`)
      const answer = await instant.pass(tool, text(0))
      if (answer.is !== 'outcome' || answer.outcome.is !== 'ok') wrong.push(`gate ${tool}: ${JSON.stringify(answer)}`)
    }
  }
  const steps = await stepsOf(warmUp, measured)
  return {
    tables: [
      {
        title: `Whole passes, up to ${measured} of each; one unit of calibration took ${calibration.toFixed(0)} µs`,
        columns: ['tool', 'payload B', 'p50 µs', 'p99 µs', 'p50 in units', 'processor µs/pass'],
        rows: whole.map(({ name, payload, p50, p99, processor }) => [
          name,
          payload,
          p50,
          p99,
          p50 / calibration,
          processor,
        ]),
      },
      steps,
    ],
    numbers: Object.fromEntries(
      whole.flatMap(({ name, payload, p50, p99, processor }) => [
        [`gate ${name} ${payload} B p50 µs`, p50],
        [`gate ${name} ${payload} B p99 µs`, p99],
        [`gate ${name} ${payload} B processor µs`, processor],
        [`gate ${name} ${payload} B p50 / calibration`, p50 / calibration],
      ]),
    ),
    wrong,
  }
}

interface Whole extends Spread {
  /** Of the tool, and what else there is. */
  readonly name: string
  readonly payload: number
  readonly processor: number
}

/** Microseconds. */
interface Spread {
  readonly p50: number
  readonly p99: number
}

/** Between two passes the event loop turns, as it does between two requests; that is nobody's time. */
async function passMany(
  instant: InstantGate,
  tool: Tool,
  text: (turn: number) => string,
  count: number,
): Promise<Float64Array> {
  const times = new Float64Array(count)
  const end = performance.now() + ENOUGH
  let passed = 0
  while (passed < count && performance.now() < end) {
    const request = instant.request(tool, text(passed))
    const started = performance.now()
    await instant.gate.pass(request)
    times[passed++] = (performance.now() - started) * 1_000
    await turn()
  }
  return times.subarray(0, passed)
}

/** Each step by itself. The clock costs a little, so the steps together are more than the whole. */
async function stepsOf(warmUp: number, measured: number): Promise<Table> {
  const rows: (string | number)[][] = []
  for (const tool of tools) {
    const times = new Map<string, number[]>()
    const note = (step: string, started: number) => {
      const took = (performance.now() - started) * 1_000
      const known = times.get(step)
      if (known) known.push(took)
      else times.set(step, [took])
    }
    await using instant = await openInstantGate((step, run) => {
      const started = performance.now()
      const result = run()
      if (result instanceof Promise) void result.then(() => note(step, started))
      else note(step, started)
      return result
    })
    const text = 'x'.repeat(64)
    const end = performance.now() + ENOUGH
    for (let pass = 0; pass < warmUp + measured && performance.now() < end; pass++) {
      if (pass === warmUp) times.clear()
      admit(instant, tool, text, note)
      await instant.pass(tool, text)
      await turn()
    }
    for (const [step, each] of times) {
      const { p50, p99 } = spread(Float64Array.from(each))
      rows.push([tool, step, p50, p99])
    }
  }
  return { title: 'Steps, 64 B', columns: ['tool', 'step', 'p50 µs', 'p99 µs'], rows }
}

/** The steps that make a call of a request are functions of the path; what they give is thrown away here. */
function admit(instant: InstantGate, tool: Tool, text: string, note: (step: string, started: number) => void): void {
  const request = instant.request(tool, text)
  let started = performance.now()
  const identity = identify(request, systemClock)
  note('identify', started)
  if ('is' in identity) throw new Error('nobody was identified')
  started = performance.now()
  const found = resolve(request, instant.registry.offers(identity, request.view))
  note('resolve', started)
  if ('is' in found) throw new Error('nothing was found')
  started = performance.now()
  freezeCall(request, identity, found, instant.validator)
  note('freezeCall', started)
}

function spread(times: Float64Array): Spread {
  const sorted = times.toSorted()
  return { p50: percentile(sorted, 50), p99: percentile(sorted, 99) }
}
