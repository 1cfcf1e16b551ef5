import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { announcedUrl } from './announced-url.ts'

const main = new URL('../../apps/castellan/src/main.ts', import.meta.url).pathname

/** A control plane in a process of its own, as `castellan up` starts it. */
export interface CastellanProcess extends AsyncDisposable {
  readonly url: string
  /** The administrator's. */
  readonly key: string
  readonly pid: number
  signal(name: NodeJS.Signals): void
  /** What it wrote to its error stream so far. */
  errors(): string
  /** How it ended, once it has. */
  readonly ended: Promise<Ending>
}

export interface Ending {
  readonly code: number | null
  readonly errors: string
}

/** Starts one on a data folder, and resolves when it answers; fails when it ends instead. */
export function castellanProcess(folder: string, ...flags: readonly string[]): Promise<CastellanProcess> {
  return castellanProcessUnder([], folder, ...flags)
}

/** As {@link castellanProcess}, with flags of Node itself. */
export async function castellanProcessUnder(
  nodeFlags: readonly string[],
  folder: string,
  ...flags: readonly string[]
): Promise<CastellanProcess> {
  return answering(folder, launch(folder, flags, nodeFlags))
}

/** As {@link castellanProcess}, with variables in its environment. Tells everything it wrote, too. */
export async function castellanProcessWith(
  variables: Readonly<Record<string, string>>,
  folder: string,
  ...flags: readonly string[]
): Promise<CastellanProcess & { readonly said: () => string }> {
  const launched = launch(folder, flags, [], variables)
  let said = ''
  launched.child.stdout.on('data', chunk => (said += String(chunk)))
  return { ...(await answering(folder, launched)), said: () => said + launched.errors() }
}

async function answering(
  folder: string,
  { child, ended, errors }: ReturnType<typeof launch>,
): Promise<CastellanProcess> {
  try {
    const url = await announcedUrl(child)
    const health = await fetch(`${url}/health`)
    assert.equal(health.status, 200)
    const key = (await readFile(join(folder, 'admin.key'), 'utf8')).trim()
    return {
      url,
      key,
      pid: child.pid!,
      signal: name => void child.kill(name),
      errors,
      ended,
      async [Symbol.asyncDispose]() {
        child.kill('SIGKILL')
        await ended
      },
    }
  } catch (error) {
    child.kill('SIGKILL')
    throw new Error((await ended).errors, { cause: error })
  }
}

/** Starts one that is expected to end by itself. */
export async function castellanRefused(folder: string, ...flags: readonly string[]): Promise<Ending> {
  const { child, ended } = launch(folder, flags)
  const timer = setTimeout(() => child.kill('SIGKILL'), 20_000)
  const ending = await ended
  clearTimeout(timer)
  return ending
}

function launch(
  folder: string,
  flags: readonly string[],
  nodeFlags: readonly string[] = [],
  variables: Readonly<Record<string, string>> = {},
) {
  const child = spawn(
    process.execPath,
    [...nodeFlags, main, 'up', '--json', '--port', '0', '--data', folder, ...flags],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env.PATH, HOME: process.env.HOME, ...variables },
    },
  )
  alive.add(child)
  child.once('close', () => alive.delete(child))
  const errors: string[] = []
  child.stderr.on('data', chunk => errors.push(String(chunk)))
  const { promise: ended, resolve } = Promise.withResolvers<Ending>()
  child.once('close', code => resolve({ code, errors: errors.join('') }))
  return { child, ended, errors: () => errors.join('') }
}

const alive = new Set<ChildProcess>()
// Whatever ends us, nothing that we started stays.
process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL')
})
