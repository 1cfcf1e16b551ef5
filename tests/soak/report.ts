import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Trend, trendsOf } from './judge.ts'
import type { Tally } from './tally.ts'
import type { Vitals } from './vitals.ts'

export interface Soaked {
  readonly seed: number
  readonly minutes: number
  readonly tally: Tally
  /** While it worked, and at each rest. */
  readonly samples: readonly Vitals[]
  readonly rests: readonly Vitals[]
}

/** Kept out of the repository. */
const folder = join(import.meta.dirname, 'results')

/** Writes the report of a soak as Markdown and as JSON, and returns the Markdown. */
export function writeReport(soaked: Soaked): string {
  const { tally, ...rest } = soaked
  const counts = Object.fromEntries([...tally.counts].toSorted(([a], [b]) => (a < b ? -1 : 1)))
  const text = markdown(soaked, counts)
  const json = { ...rest, counts, violations: tally.violations, wrong: tally.wrong, trends: trendsOf(soaked.rests) }
  mkdirSync(folder, { recursive: true })
  const name = join(folder, `soak-${new Date().toISOString().slice(0, 16).replaceAll(':', '')}-${soaked.seed}`)
  writeFileSync(`${name}.md`, text)
  writeFileSync(`${name}.json`, `${JSON.stringify(json, null, 1)}\n`)
  return text
}

function markdown({ seed, minutes, tally, samples, rests }: Soaked, counts: Readonly<Record<string, number>>): string {
  const peak = Math.max(...samples.map(({ resident }) => resident))
  return [
    `# Soak of ${minutes} minutes, seed ${seed}`,
    '',
    tally.violations === 0 ? 'Nothing was wrong.' : `${tally.violations} things were wrong.`,
    '',
    ...tally.wrong.map(each => `- ${each.replaceAll('\n', ' ')}`),
    ...(tally.wrong.length > 0 ? [''] : []),
    '## At rest',
    '',
    table(columns, chosen(rests).map(rowOf)),
    '',
    ...trendsOf(rests).map(inWords),
    `Peak at work: ${peak.toFixed(0)} MB resident.`,
    '',
    '## What was done',
    '',
    table(
      ['what', 'how often'],
      Object.entries(counts).map(([what, times]) => [what, String(times)]),
    ),
    '',
  ].join('\n')
}

const columns = [
  'second',
  'resident MB',
  'heap MB',
  'descriptors',
  'sockets',
  'threads',
  'processes',
  'sessions',
  'entries',
  'disk MB',
]

function rowOf(vitals: Vitals): string[] {
  const { at, resident, heap, descriptors, sockets, threads, children, sessions, entries, disk } = vitals
  const whole = [descriptors, sockets, threads, children, sessions, entries].map(String)
  return [at.toFixed(0), resident.toFixed(1), heap?.toFixed(2) ?? '', ...whole, disk.toFixed(1)]
}

/** At most some twenty, the first and the last among them. */
function chosen(rests: readonly Vitals[]): Vitals[] {
  const every = Math.ceil(rests.length / 20)
  return rests.filter((_, index) => index % every === 0 || index === rests.length - 1)
}

function inWords({ what, growth, allowed }: Trend): string {
  return `Growth of ${what} memory over the second half: ${growth.toFixed(2)} MB; ${allowed.toFixed(1)} MB are allowed.\n`
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
