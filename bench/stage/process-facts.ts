import { readdirSync, readFileSync } from 'node:fs'

/** Megabytes of a process that are in memory now; NaN where the system does not tell (only Linux does). */
export function residentMegabytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1] ?? Number.NaN) / 1_024
}

/**
 * Milliseconds that all threads of a process have had a processor; NaN where the system does not tell.
 * Source: Linux, proc_pid_stat(5), fields 14 and 15, in ticks of 10 ms.
 */
export function processorMilliseconds(pid: number): number {
  const fields = read(`/proc/${pid}/stat`).split(') ')[1]?.split(' ')
  return fields === undefined ? Number.NaN : (Number(fields[11]) + Number(fields[12])) * 10
}

/** Open files, sockets and pipes of a process; NaN where the system does not tell. */
export function openHandles(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).length
  } catch {
    return Number.NaN
  }
}

/** Processes that a process started, and those that these started, which are still there. */
export function descendants(pid: number): readonly number[] {
  const parents = new Map(
    readdirSync('/proc')
      .filter(name => /^\d+$/.test(name))
      .map(name => [Number(name), Number(read(`/proc/${name}/stat`).split(') ')[1]?.split(' ')[1])]),
  )
  const below = (above: number): number[] =>
    [...parents].filter(([, parent]) => parent === above).flatMap(([child]) => [child, ...below(child)])
  return below(pid)
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
