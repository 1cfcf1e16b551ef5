import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fault } from '../../../kernel/index.ts'

/**
 * Holds a data folder for this process until it is released or the process ends, however it ends: the lock is one of the
 * operating system's, taken through a small database of its own. Throws `DATA_LOCKED` with the holder's process id.
 */
export function lockFolder(folder: string): { release(): void } {
  const pidFile = join(folder, 'castellan.pid')
  // Nothing else may ever open this file in this process: closing any descriptor of it would drop the lock.
  const db = new DatabaseSync(join(folder, 'castellan.lock'), { timeout: 0 })
  try {
    db.exec('BEGIN IMMEDIATE')
  } catch (cause) {
    db.close()
    if (!isBusy(cause)) throw cause
    throw fault('DATA_LOCKED', { pid: holder(pidFile), folder }, { cause })
  }
  try {
    writeFileSync(pidFile, `${process.pid}\n`)
  } catch (cause) {
    db.close()
    throw cause
  }
  return {
    release() {
      if (!db.isOpen) return
      rmSync(pidFile, { force: true })
      db.close()
    },
  }
}

function isBusy(error: unknown): boolean {
  return (error as { readonly errcode?: number }).errcode === 5
}

/** For the message only: the holder may be about to write it, or have just removed it. */
function holder(pidFile: string): string {
  try {
    return readFileSync(pidFile, 'utf8').trim() || 'unknown'
  } catch {
    return 'unknown'
  }
}
