import { relative } from 'node:path'
import type { EventData } from 'node:test'

/** Percent of lines that the tests must reach, by folder of `apps/castellan/src`. */
const THRESHOLD = 90
const held = [/^gate$/, /^journal$/, /^registry$/, /^adapters\/connector-/]

interface Tally {
  lines: number
  covered: number
}

type Coverage = Pick<EventData.TestCoverage, 'summary'>

/** Lines covered by folder as a table, and whether every folder that is held to the threshold reaches it. */
export function coverageTable({ summary }: Coverage): { text: string; sufficient: boolean } {
  const tallies = new Map<string, Tally>()
  for (const file of summary.files) {
    const folder = folderOf(relative(summary.workingDirectory, file.path).replaceAll('\\', '/'))
    const tally = tallies.get(folder) ?? { lines: 0, covered: 0 }
    tally.lines += file.totalLineCount
    tally.covered += file.coveredLineCount
    tallies.set(folder, tally)
  }
  const rows = [...tallies]
    .map(([folder, tally]) => ({ folder, percent: percentOf(tally), must: isHeld(folder) }))
    .toSorted((a, b) => a.folder.localeCompare(b.folder))
  const text = rows.map(({ folder, percent, must }) => {
    const mark = must && percent < THRESHOLD ? `  ✖ below ${THRESHOLD}` : ''
    return `${folder.padEnd(36)} ${percent.toFixed(1).padStart(6)} %${mark}\n`
  })
  return {
    text: `\nLines covered, by folder:\n${text.join('')}`,
    sufficient: rows.every(({ percent, must }) => !must || percent >= THRESHOLD),
  }
}

function folderOf(path: string): string {
  const inApp = path.replace(/^apps\/castellan\/src\//, '')
  const depth = inApp.startsWith('adapters/') || inApp.startsWith('packages/') ? 2 : 1
  return inApp.split('/').slice(0, depth).join('/')
}

function isHeld(folder: string): boolean {
  return held.some(pattern => pattern.test(folder))
}

function percentOf({ lines, covered }: Tally): number {
  return lines === 0 ? 100 : (covered / lines) * 100
}
