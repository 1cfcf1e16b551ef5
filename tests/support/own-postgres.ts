import { execFile } from 'node:child_process'
import { chown, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { quietPort } from './quiet-port.ts'

const run = promisify(execFile)

/** A PostgreSQL of a test's own, which may fall. */
export interface OwnPostgres extends AsyncDisposable {
  readonly url: string
  /** Ends it as a power cut would, and starts it again, at once or after so many milliseconds. */
  fall(away?: number): Promise<void>
}

/** Null where PostgreSQL is not installed, or cannot be started by whoever runs this. */
export async function ownPostgres(): Promise<OwnPostgres | null> {
  const programs = await installed()
  if (programs === null) return null
  const folder = await mkdtemp(join(tmpdir(), 'castellan-postgres-'))
  const data = join(folder, 'data')
  const port = await quietPort()
  const as = await owner(folder)
  const program = (name: string, ...args: readonly string[]) =>
    run(
      as.length > 0 ? 'runuser' : join(programs, name),
      [...as, ...(as.length > 0 ? [join(programs, name)] : []), ...args],
      { cwd: '/' },
    )
  const control = (...args: readonly string[]) =>
    program(
      'pg_ctl',
      '-D',
      data,
      '-w',
      '-l',
      join(folder, 'log'),
      '-o',
      `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=${folder}`,
      ...args,
    )
  try {
    await program('initdb', '-D', data, '-A', 'trust', '-U', 'root', '-E', 'UTF8', '--locale=C', '--no-sync')
    await control('start')
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    throw error
  }
  return {
    url: `postgres://root@127.0.0.1:${port}/postgres`,
    async fall(away = 0) {
      await control('-m', 'immediate', 'stop')
      await delay(away)
      await control('start')
    },
    async [Symbol.asyncDispose]() {
      await control('-m', 'immediate', 'stop')
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function installed(): Promise<string | null> {
  const versions = await readdir('/usr/lib/postgresql').catch(() => [])
  const newest = versions.toSorted((one, other) => Number(one) - Number(other)).at(-1)
  return newest === undefined ? null : `/usr/lib/postgresql/${newest}/bin`
}

/** PostgreSQL refuses to run as root. */
async function owner(folder: string): Promise<readonly string[]> {
  if (process.getuid?.() !== 0) return []
  const { stdout } = await run('id', ['-u', 'postgres'])
  await chown(folder, Number(stdout), -1)
  return ['-u', 'postgres', '--']
}
