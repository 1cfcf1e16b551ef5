import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Table } from '../measurement.ts'
import { type CpuProfile, profileTables } from '../report/profile.ts'
import { scratchFolder } from './scratch.ts'

/** Profiles of the threads of a process, taken between `begin` and `end` of what it is there for. */
export interface Profiling {
  /** Of Node, for the process that is to be profiled. */
  readonly flags: readonly string[]
  begin(): void
  end(): void
  /** Once the process has ended, by how many calls it took; empty when nothing was profiled. */
  tables(calls: number): readonly Table[]
}

export function profiled(wanted: boolean): Profiling {
  if (!wanted) {
    const nothing = () => undefined
    return { flags: [], begin: nothing, end: nothing, tables: () => [] }
  }
  const folder = scratchFolder('profile')
  const window = { from: 0, to: Number.POSITIVE_INFINITY }
  return {
    flags: ['--cpu-prof', `--cpu-prof-dir=${folder}`, '--cpu-prof-interval=200'],
    begin: () => (window.from = microseconds()),
    end: () => (window.to = microseconds()),
    tables(calls) {
      const profiles = readdirSync(folder).map(
        file => JSON.parse(readFileSync(join(folder, file), 'utf8')) as CpuProfile,
      )
      return profileTables(profiles, window, calls)
    },
  }
}

/** V8 stamps its samples by the same clock, which all processes of a machine share. */
function microseconds(): number {
  return Number(process.hrtime.bigint() / 1_000n)
}
