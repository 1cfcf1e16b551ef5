import { fstatSync, globSync, readFileSync } from 'node:fs'
import { ChildProcess } from 'node:child_process'
import { Server, Socket } from 'node:net'
import type { Worker } from 'node:worker_threads'

// Requests to the file system and writes to standard output end by themselves; a terminal stays open by nature.
const harmless = new Set(['FSReqCallback', 'FSReqPromise', 'WriteWrap', 'TTYWrap', 'Immediate', 'SignalWrap'])

const workers = new Set<Worker>()

/** Threads are in no list of Node's, so they are counted from their start; call it before any can start. */
export function countWorkers(): void {
  process.on('worker', worker => {
    workers.add(worker)
    worker.once('exit', () => workers.delete(worker))
  })
}

/** What keeps this process alive, and every child it still has, each in a few words; empty when it could end now. */
export function leftovers(): string[] {
  const counts = new Map<string, number>()
  for (const kind of process.getActiveResourcesInfo()) {
    if (!harmless.has(kind)) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  }
  const standard = [0, 1, 2].filter(isPipe).length
  if ((counts.get('PipeWrap') ?? 0) <= standard) counts.delete('PipeWrap')
  const kinds = [...counts].map(([kind, count]) => `${count} ${kind}`)
  return [...kinds, ...(kinds.length > 0 ? handles() : []), ...threads(), ...children()]
}

function isPipe(descriptor: number): boolean {
  try {
    const stat = fstatSync(descriptor)
    return stat.isFIFO() || stat.isSocket()
  } catch {
    return false
  }
}

// Undocumented, and therefore only decoration: the kinds above decide.
function handles(): string[] {
  const internals = process as { _getActiveHandles?: () => unknown[] }
  return (internals._getActiveHandles?.() ?? []).flatMap(describe)
}

function describe(handle: unknown): string[] {
  if (handle instanceof Server) return [`server on ${JSON.stringify(handle.address())}`]
  if (handle instanceof ChildProcess) return [`process started as "${handle.spawnargs.join(' ').slice(0, 120)}"`]
  if (handle instanceof Socket && handle.remotePort)
    return [`socket to port ${handle.remotePort} from ${handle.localPort}`]
  return []
}

function threads(): string[] {
  return [...workers].map(worker => `worker thread ${worker.threadId}`)
}

/** Children of this process by the kernel's account, unreferenced ones included; nothing where there is no /proc. */
function children(): string[] {
  const found: string[] = []
  for (const file of globSync('/proc/self/task/*/children')) {
    for (const pid of read(file).split(' ').filter(Boolean)) {
      const command = read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim()
      if (command) found.push(`child ${pid} (${command.slice(0, 120)})`)
    }
  }
  return found
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
