import type { FaultKind } from '../kernel/index.ts'

/** What the exit code of every command says; `docs/reference/cli.md` lists them. */
export const exitCodes = {
  ok: 0,
  /** The command ran and what it was to show or do was not so: a tool error, a failed test, a bug. */
  failed: 1,
  /** Words, options, files or values that are not understood. */
  usage: 2,
  /** Not identified, or not allowed. */
  denied: 3,
  /** No such thing, or in conflict with what there is. */
  missing: 4,
  /** The control plane or a server cannot be reached, is busy, or took too long. */
  unavailable: 5,
  /** A call was sent and its end was never seen: it may have taken effect. */
  indeterminate: 6,
  interrupted: 130,
} as const

export function exitCodeOf(kind: FaultKind): number {
  switch (kind) {
    case 'invalid':
      return exitCodes.usage
    case 'denied':
      return exitCodes.denied
    case 'notFound':
    case 'conflict':
      return exitCodes.missing
    case 'exhausted':
    case 'unavailable':
    case 'timeout':
      return exitCodes.unavailable
    case 'cancelled':
      return exitCodes.interrupted
    case 'internal':
      return exitCodes.failed
    default:
      throw kind satisfies never
  }
}

/** The exit code that an HTTP status of the REST API stands for; `docs/errors.md` maps kinds to statuses. */
export function exitCodeOfStatus(status: number): number {
  switch (status) {
    case 401:
    case 403:
      return exitCodes.denied
    case 404:
    case 409:
      return exitCodes.missing
    case 499:
      return exitCodes.interrupted
    case 408:
    case 429:
    case 502:
    case 503:
    case 504:
      return exitCodes.unavailable
    default:
      return status >= 400 && status < 500 ? exitCodes.usage : exitCodes.failed
  }
}

/** The exit code that the outcome of a call stands for, by its wire name. */
export function exitCodeOfOutcome(outcome: string): number {
  if (outcome.startsWith('denied_')) return exitCodes.denied
  switch (outcome) {
    case 'ok':
    case 'dry_run':
      return exitCodes.ok
    case 'needs_approval':
      return exitCodes.denied
    case 'timeout':
      return exitCodes.unavailable
    case 'cancelled':
      return exitCodes.interrupted
    case 'indeterminate':
      return exitCodes.indeterminate
    default:
      return exitCodes.failed
  }
}
