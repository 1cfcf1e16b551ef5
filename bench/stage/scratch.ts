import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

let root: string | undefined

/** A new folder of this run; however the run ends, it does not outlive it. */
export function scratchFolder(name: string): string {
  if (root === undefined) {
    const made = mkdtempSync(join(tmpdir(), 'castellan-bench-'))
    // Processes that were ended a moment ago may still be writing.
    process.on('exit', () => rmSync(made, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 }))
    root = made
  }
  return mkdtempSync(join(root, `${name}-`))
}
