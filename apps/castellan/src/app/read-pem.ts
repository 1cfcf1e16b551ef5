import { readFileSync } from 'node:fs'
import { fault } from '../kernel/index.ts'

/** The text of a file that a setting names. Throws `CONFIG_INVALID` naming the setting. */
export function readPem(path: string, setting: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw fault('CONFIG_INVALID', { why: `the file of ${setting} cannot be read (${code})` }, { cause })
  }
}
