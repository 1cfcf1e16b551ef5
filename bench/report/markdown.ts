import type { Finding, Table } from '../measurement.ts'
import type { Machine } from './machine.ts'

export interface Report {
  readonly form: string
  /** ISO 8601. */
  readonly at: string
  readonly machine: Machine
  readonly findings: readonly (Finding & { readonly name: string; readonly about: string; readonly seconds: number })[]
  /** Floors that were missed. */
  readonly missed: readonly string[]
}

export function markdown({ form, at, machine, findings, missed }: Report): string {
  const wrong = findings.flatMap(finding => finding.wrong)
  return [
    `# Benchmark, ${form}, ${at.slice(0, 16).replace('T', ' ')} UTC`,
    `${machine.processor}, ${machine.cores} cores, ${machine.memory} GB; ${machine.system}; Node ${machine.node}; ` +
      `commit ${machine.commit}; load before ${machine.loadBefore.toFixed(2)}.`,
    ...list('What was wrong, and makes the numbers worthless', wrong),
    ...list('Floors that were missed', missed),
    ...findings.flatMap(({ name, about, seconds, tables }) => [
      `## ${name}`,
      `${about} (${seconds.toFixed(0)} s)`,
      ...tables.map(markdownTable),
    ]),
  ]
    .join('\n\n')
    .concat('\n')
}

export function markdownTable({ title, columns, rows }: Table): string {
  const isNumber = columns.map((_, column) => rows.some(row => typeof row[column] === 'number'))
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [
    `**${title}**`,
    '',
    line(columns),
    line(isNumber.map(right => (right ? '---:' : '---'))),
    ...rows.map(row => line(row.map(cell => (typeof cell === 'number' ? shown(cell) : cell.replaceAll('|', '\\|'))))),
  ].join('\n')
}

/** Three digits that mean something, and whole numbers from a hundred on. */
export function shown(value: number): string {
  if (!Number.isFinite(value)) return '–'
  if (Number.isInteger(value) || Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-GB')
  return String(Number(value.toPrecision(3)))
}

function list(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [`**${title}**`, lines.map(line => `- ${line}`).join('\n')]
}
