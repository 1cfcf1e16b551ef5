import { closeSync, fsyncSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { type Fault, fault } from '../../../kernel/index.ts'

/** Where the store of a folder has gone. */
export interface MovedMark {
  /** URL of the database, without what is secret in it. */
  readonly to: string
  /** RFC 3339. */
  readonly at: string
}

/** What says that the store of a folder has moved; null when it has not. */
export function movedMark(folder: string): MovedMark | null {
  let text: string
  try {
    text = readFileSync(pathOf(folder), 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
  const [to = '', at = ''] = text.trim().split('\n')
  return { to, at }
}

/** On disk when it returns, so that a commit elsewhere may follow. */
export function markMoved(folder: string, { to, at }: MovedMark): void {
  const file = openSync(pathOf(folder), 'w', 0o600)
  try {
    writeSync(file, `${to}\n${at}\n`)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  const directory = openSync(folder, 'r')
  try {
    fsyncSync(directory)
  } finally {
    closeSync(directory)
  }
}

export function unmarkMoved(folder: string): void {
  rmSync(pathOf(folder), { force: true })
}

/** What whoever would use a folder that has moved is told. */
export function hasMoved(folder: string, { to, at }: MovedMark): Fault {
  return fault('DATA_MOVED', { folder, to, at, mark: pathOf(folder) })
}

function pathOf(folder: string): string {
  return join(folder, 'castellan.moved')
}
