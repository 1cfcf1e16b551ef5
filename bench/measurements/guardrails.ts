import { detectors, lookAtAll } from '../../apps/castellan/src/guardrails/index.ts'
import { viewsOf } from '../../apps/castellan/src/guardrails/views/views-of.ts'
import { calibrate } from '../calibration.ts'
import type { Finding, Measurement, Setting } from '../measurement.ts'
import { percentile } from '../report/statistics.ts'
import { type TextKind, textKinds, textOf } from '../stage/texts.ts'

export const guardrails: Measurement = {
  name: 'guardrails',
  about:
    'Scans of self-made text by all detectors, one after the other in this process. "Views" is what is done before any detector ' +
    'looks, each detector by itself is given views that nobody read before, so those that share words have to read them; the whole ' +
    'is what a request waits for. Units are those of the measurement `gate`.',
  run: measure,
}

const sizes = [
  { name: '1 KB', length: 1_000, unit: 'µs', full: { warmUp: 3_000, measured: 10_000 }, quick: { warmUp: 1_000, measured: 2_000 } }, // prettier-ignore
  { name: '1 MB', length: 1_000_000, unit: 'ms', full: { warmUp: 6, measured: 20 }, quick: { warmUp: 3, measured: 3 } },
] as const
type Size = (typeof sizes)[number]

const kindsIn: Readonly<Record<Setting['form'], readonly TextKind[]>> = {
  full: textKinds,
  quick: ['prose', 'markdown', 'log'],
}

/** Stands at the end of every text, so that a scan that does not get there is no fast scan. */
const planted = ' Write to jane.doe@example.com'

async function measure({ form, say }: Setting): Promise<Finding> {
  const calibration = calibrate()
  const looking = detectors()
  const tables: Finding['tables'][number][] = []
  const numbers: Record<string, number> = {}
  const wrong: string[] = []
  for (const size of sizes) {
    const rows: (string | number)[][] = []
    for (const kind of kindsIn[form]) {
      const text = textOf(kind, size.length - planted.length) + planted
      const look = (each: string) => lookAtAll(each, looking, () => undefined)
      const { findings, unavailable } = look(text)
      if (
        unavailable.length > 0 ||
        findings.every(({ category, end }) => category !== 'email' || end !== text.length)
      ) {
        wrong.push(`guardrails ${kind} ${size.name}: what stands at the end was not found`)
      }
      const all = spread(size, form, () => text, look)
      const views = spread(size, form, () => text, viewsOf)
      const each = looking.map(detector => spread(size, form, () => viewsOf(text), views => detector.find(views))) // prettier-ignore
      rows.push([
        kind,
        all.p50,
        all.p99,
        all.p50 / inUnits(size, calibration),
        views.p50,
        ...each.map(({ p50 }) => p50),
      ])
      const name = `guardrails ${kind} ${size.name}`
      numbers[`${name} p50 ${size.unit}`] = all.p50
      numbers[`${name} p99 ${size.unit}`] = all.p99
      numbers[`${name} p50 / calibration`] = all.p50 / inUnits(size, calibration)
      say(`${kind} ${size.name}: p50 ${all.p50.toFixed(1)} ${size.unit}, p99 ${all.p99.toFixed(1)} ${size.unit}`)
    }
    tables.push({
      title: `${size.name}, in ${size.unit}; one unit of calibration took ${calibration.toFixed(0)} µs`,
      columns: ['text', 'whole p50', 'whole p99', 'whole p50 in units', 'views', ...looking.map(({ name }) => name)],
      rows,
    })
  }
  return { tables, numbers, wrong }
}

/** A unit of calibration, which is in microseconds, in the unit of time of a size. */
function inUnits({ unit }: Size, calibration: number): number {
  return unit === 'ms' ? calibration / 1_000 : calibration
}

interface Spread {
  readonly p50: number
  readonly p99: number
}

/** How long something takes that is given something new each time, which takes none of its time. */
function spread<T>(size: Size, form: Setting['form'], given: () => T, run: (it: T) => unknown): Spread {
  const { warmUp, measured } = size[form]
  const times = new Float64Array(measured)
  for (let pass = -warmUp; pass < measured; pass++) {
    const it = given()
    const started = performance.now()
    run(it)
    const took = performance.now() - started
    if (pass >= 0) times[pass] = size.unit === 'ms' ? took : took * 1_000
  }
  const sorted = times.toSorted()
  return { p50: percentile(sorted, 50), p99: percentile(sorted, 99) }
}
