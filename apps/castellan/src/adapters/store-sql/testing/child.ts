import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** Killed at the end of the block, if it is still there. */
export interface Child extends AsyncDisposable {
  readonly pid: number
  /** What it has printed so far. */
  readonly lines: readonly string[]
  /** Resolves once it has printed so many lines; rejects when it ends before. */
  printed(count: number): Promise<void>
  kill(): void
  /** Its exit code once it has ended and everything it printed was read; null when it was killed. */
  readonly ended: Promise<number | null>
}

/** Starts a script of this folder as a process of its own. */
export function startChild(script: string, args: readonly string[]): Child {
  const file = new URL(script, import.meta.url).pathname
  const child: ChildProcess = spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines: string[] = []
  const reader = createInterface({ input: child.stdout! })
  reader.on('line', line => void lines.push(line))
  const closed = once(reader, 'close')
  const ended = once(child, 'exit').then(async ([code]) => {
    await closed
    return code as number | null
  })
  return {
    pid: child.pid!,
    lines,
    printed: async count => {
      while (lines.length < count) {
        const over = await Promise.race([once(reader, 'line').then(() => false), closed.then(() => true)])
        if (over && lines.length < count) throw new Error(`${script} ended after ${lines.length} lines`)
      }
    },
    kill: () => void child.kill('SIGKILL'),
    ended,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await ended
    },
  }
}
