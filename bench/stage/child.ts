import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { announcedUrl } from '../../tests/support/announced-url.ts'

/** A process of ours that answers at a URL it told. */
export interface Child extends AsyncDisposable {
  readonly url: string
  readonly pid: number
  /** Asks it to end and waits until it has; after ten seconds it is ended. Idempotent. */
  stop(): Promise<void>
}

export interface Start {
  readonly program: string
  readonly args: readonly string[]
  /** Of Node itself. */
  readonly flags?: readonly string[]
  /** Descriptor its standard error goes to; ours by default. */
  readonly errors?: number
  readonly env?: NodeJS.ProcessEnv
}

/** Starts a program by this Node and waits for the JSON on its output that names its URL. Throws when it ends instead. */
export async function startChild({ program, args, flags = [], errors, env }: Start): Promise<Child> {
  const child = spawn(process.execPath, [...flags, program, ...args], {
    stdio: ['pipe', 'pipe', errors ?? 'inherit'],
    ...(env === undefined ? {} : { env }),
  })
  alive.add(child)
  const ended = once(child, 'close').finally(() => alive.delete(child))
  const stop = async () => {
    const timer = setTimeout(() => child.kill('SIGKILL'), 10_000)
    child.kill('SIGTERM')
    await ended
    clearTimeout(timer)
  }
  try {
    return { url: await announcedUrl(child), pid: child.pid!, stop, [Symbol.asyncDispose]: stop }
  } catch (error) {
    await stop()
    throw error
  }
}

const alive = new Set<ChildProcess>()
// Whatever ends us, nothing that we started stays.
process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL')
})
