import { execFile } from 'node:child_process'
import { accessSync, constants, lstatSync, realpathSync } from 'node:fs'
import { homedir, tmpdir, userInfo } from 'node:os'
import { delimiter, isAbsolute, join } from 'node:path'

/** The control plane's own environment. */
export type Environment = Readonly<Record<string, string | undefined>>

/** What a machine has to make sandboxes of. */
export interface Host {
  /** Of the control plane's user: the one its environment names, which `~` is, and the one of its account. */
  readonly homes: readonly [string, string]
  /** Where programs leave what is of no use later, besides `/tmp` and `/var/tmp`. */
  readonly temporary: string
  /** The control plane's own keys and store; null when there is nothing to keep from sight. */
  readonly ownFolder: string | null
  /** Where a program is; null when there is none. */
  program(name: string): string | null
  /** The real place of a path, and what is there; null when nothing is. */
  look(path: string): { readonly path: string; readonly is: 'folder' | 'file' } | null
  /** Runs something to its end. Null when it went well; otherwise what it said last, in one line. */
  trial(program: string, args: readonly string[]): Promise<string | null>
}

/** This machine. */
export function thisHost(environment: Environment, ownFolder: string | undefined): Host {
  const path = environment['PATH'] ?? '/usr/bin:/bin'
  return {
    homes: [environment['HOME'] || homedir(), ofAccount()],
    temporary: environment['TMPDIR'] || tmpdir(),
    ownFolder: ownFolder ?? null,
    program: name =>
      path
        .split(delimiter)
        .filter(isAbsolute)
        .map(folder => join(folder, name))
        .find(isProgram) ?? null,
    look: found,
    trial: (program, args) => trial(program, args, path),
  }
}

/** Who has no account, as in some containers, has only the home that is named. */
function ofAccount(): string {
  try {
    return userInfo().homedir
  } catch {
    return homedir()
  }
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function found(path: string): ReturnType<Host['look']> {
  try {
    const real = realpathSync(path)
    return { path: real, is: lstatSync(real).isDirectory() ? 'folder' : 'file' }
  } catch {
    return null
  }
}

/** Milliseconds a trial may take. */
const PATIENCE = 5_000

function trial(program: string, args: readonly string[], path: string): Promise<string | null> {
  const { promise, resolve } = Promise.withResolvers<string | null>()
  const options = { timeout: PATIENCE, killSignal: 'SIGKILL', cwd: '/', env: { PATH: path } } as const
  execFile(program, args, options, (error, _, said) => {
    if (error === null) return resolve(null)
    const last =
      said
        .trim()
        .split('\n')
        .at(-1)
        ?.replace(/\p{Cc}+/gu, ' ') ?? ''
    resolve(last === '' ? `${program} ended with ${error.code ?? error.signal ?? 'an error'}` : last.slice(0, 300))
  })
  return promise
}
