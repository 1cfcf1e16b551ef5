import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Rest } from '../support/rest.ts'

/** What a control plane holds at a moment. Sizes in megabytes. */
export interface Vitals {
  /** Seconds since the beginning. */
  readonly at: number
  readonly resident: number
  /** Live objects of the main thread, after all garbage was collected; null while it works. */
  readonly heap: number | null
  readonly descriptors: number
  readonly sockets: number
  readonly threads: number
  /** Processes it started, and those they started. */
  readonly children: number
  readonly sessions: number
  readonly underWay: number
  readonly entries: number
  readonly disk: number
}

/** Reads them from the system and from its metrics. */
export async function vitalsOf(
  pid: number,
  data: string,
  rest: Rest,
  at: number,
  heap: number | null,
): Promise<Vitals> {
  const response = await fetch(`${rest.url}/metrics`, { headers: { authorization: `Bearer ${rest.key}` } })
  const metrics = await response.text()
  const gauge = (name: string) => Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(metrics)?.[1])
  const status = read(`/proc/${pid}/status`)
  const descriptors = list(`/proc/${pid}/fd`)
  return {
    at,
    resident: Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1_024,
    heap,
    descriptors: descriptors.length,
    sockets: descriptors.filter(fd => link(`/proc/${pid}/fd/${fd}`).startsWith('socket:')).length,
    threads: Number(/^Threads:\s+(\d+)/m.exec(status)?.[1]),
    children: descendants(pid),
    sessions: gauge('castellan_mcp_sessions'),
    underWay: gauge('castellan_calls_under_way'),
    entries: gauge('castellan_journal_offset'),
    disk: list(data).reduce((sum, file) => sum + size(join(data, file)), 0) / 2 ** 20,
  }
}

function descendants(pid: number): number {
  const children = list(`/proc/${pid}/task`).flatMap(task =>
    read(`/proc/${pid}/task/${task}/children`).split(' ').filter(Boolean),
  )
  return children.reduce((sum, child) => sum + 1 + descendants(Number(child)), 0)
}

function list(folder: string): string[] {
  return attempt(() => readdirSync(folder), [])
}

function read(file: string): string {
  return attempt(() => readFileSync(file, 'utf8'), '')
}

function link(file: string): string {
  return attempt(() => readlinkSync(file), '')
}

function size(file: string): number {
  return attempt(() => statSync(file).size, 0)
}

/** What is looked at may go at any moment. */
function attempt<Value>(look: () => Value, otherwise: Value): Value {
  try {
    return look()
  } catch {
    return otherwise
  }
}
