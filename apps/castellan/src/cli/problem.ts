import { ApiProblem, Unreachable } from '@castellan/sdk'
import { CommanderError } from 'commander'
import { isFault } from '../kernel/index.ts'
import { exitCodeOf, exitCodeOfStatus, exitCodes } from './exit-codes.ts'
import { printable } from './output.ts'

/** Why a command did not do what it was asked: for people one line, for programs an object. */
export interface Problem {
  readonly exitCode: number
  /** What a program should look at: a code of `docs/errors.md`, `USAGE` or `BUG`. */
  readonly code: string
  /** What was given, what is allowed, what to do; without control characters. */
  readonly detail: string
  /** The call that was refused, for those who may look into the journal. */
  readonly callId?: string
  /** For bugs only: where it happened. */
  readonly stack?: string
}

/** Maps everything that a command may throw, once for all of them. */
export function problemOf(error: unknown): Problem {
  if (error instanceof CommanderError) return { exitCode: exitCodes.usage, code: 'USAGE', detail: usage(error.message) }
  if (isFault(error)) return { exitCode: exitCodeOf(error.kind), code: error.code, detail: printable(error.message) }
  if (error instanceof ApiProblem) return refused(error)
  if (error instanceof Unreachable) {
    if (isAbort(error.cause)) return interrupted
    return { exitCode: exitCodes.unavailable, code: 'UNREACHABLE', detail: printable(error.message) }
  }
  const known = environmental(error)
  if (known !== undefined) return known
  const shown = error instanceof Error ? error : new Error(String(error))
  return {
    exitCode: exitCodes.failed,
    code: 'BUG',
    detail: `This is a bug in Castellan, please report it: ${printable(shown.message)}`,
    ...(shown.stack === undefined ? {} : { stack: printable(shown.stack) }),
  }
}

/** What the control plane said, with the places in what was sent that are wrong. */
function refused({ problem }: ApiProblem): Problem {
  const { status, code, detail, errors = [], call_id } = problem
  const places = errors.map(({ at, message }) => `${at || 'the whole'} ${message}`)
  const repeated = places.every(place => detail.includes(place))
  return {
    // A denial is a denial, whatever status carries it.
    exitCode: code?.startsWith('denied_') ? exitCodes.denied : exitCodeOfStatus(status),
    code: code ?? 'HTTP_ERROR',
    detail: printable(repeated ? detail : `${detail} ${places.join('; ')}`),
    ...(call_id === undefined ? {} : { callId: call_id }),
  }
}

/** A complaint of the parser as one sentence. */
function usage(message: string): string {
  const [first = '', ...rest] = message.replace(/^error: /, '').split('\n')
  const hint = rest.join(' ').replace(/^\(Did you mean (.*)\?\)$/, '; did you mean $1?')
  return printable(`${first.charAt(0).toUpperCase()}${first.slice(1)}${hint === '' ? '. See --help.' : hint}`)
}

/** What the machine refuses is nobody's bug: ports, files, names. */
function environmental(error: unknown): Problem | undefined {
  if (!(error instanceof Error)) return undefined
  if (isAbort(error)) return interrupted
  const { code, syscall, path, port } = error as NodeJS.ErrnoException & { port?: number }
  if (code === undefined || syscall === undefined) return undefined
  const meant = SYSTEM_ERRORS[code]
  if (meant === undefined) return undefined
  const where = path ?? (port === undefined ? syscall : `port ${port}`)
  return { exitCode: meant.exitCode, code, detail: printable(`${where}: ${meant.sentence}`) }
}

const SYSTEM_ERRORS: Readonly<Record<string, { readonly exitCode: number; readonly sentence: string } | undefined>> = {
  EADDRINUSE: {
    exitCode: exitCodes.unavailable,
    sentence: 'something else listens there; stop it, or choose another with --port.',
  },
  EADDRNOTAVAIL: {
    exitCode: exitCodes.usage,
    sentence: 'this machine has no such address; choose another with --host.',
  },
  EACCES: { exitCode: exitCodes.denied, sentence: 'this user may not; change the permissions or choose another.' },
  EPERM: { exitCode: exitCodes.denied, sentence: 'this user may not; change the permissions or choose another.' },
  ENOENT: { exitCode: exitCodes.usage, sentence: 'there is no such file or folder; check the path.' },
  EISDIR: { exitCode: exitCodes.usage, sentence: 'this is a folder; give a file.' },
  ENOTDIR: { exitCode: exitCodes.usage, sentence: 'a part of this path is no folder; check the path.' },
  ENOSPC: { exitCode: exitCodes.unavailable, sentence: 'the disk is full; make room.' },
  EROFS: { exitCode: exitCodes.unavailable, sentence: 'this file system is read-only; choose another folder.' },
}

const interrupted: Problem = { exitCode: exitCodes.interrupted, code: 'INTERRUPTED', detail: 'Interrupted.' }

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError'
}
