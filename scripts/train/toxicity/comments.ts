import { createHash } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Example } from '../corpus.ts'

export interface Comments {
  readonly examples: readonly Example[]
  /** Of every file they were read from. */
  readonly digest: string
}

/**
 * Comments to learn from: a file of a folder is a family, a line of it a comment; `toxic/` is guilty, `innocent/` and `ordinary/` are not.
 * In an order that is always the same.
 */
export function readComments(folder: string): Comments {
  const hash = createHash('sha256')
  const examples: Example[] = []
  for (const file of globSync('{toxic,innocent,ordinary}/*.txt', { cwd: folder }).toSorted()) {
    const content = readFileSync(join(folder, file), 'utf8')
    hash.update(`${file}\0${content}\0`)
    const family = file.slice(0, -'.txt'.length)
    for (const text of content.split('\n')) {
      if (text !== '') examples.push({ guilty: file.startsWith('toxic/'), family, text, written: true })
    }
  }
  return { examples, digest: hash.digest('hex') }
}
