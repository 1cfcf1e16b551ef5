import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fault } from '../../kernel/index.ts'

/** The texts of the files of a folder that end so, by name. Throws `REQUEST_INVALID`, also when there is no policy. */
export async function filesIn(folder: string, ending: string): Promise<Record<string, string>> {
  const names = await readdir(folder).catch((cause: unknown) => {
    throw fault('REQUEST_INVALID', { why: `the folder "${folder}" cannot be read` }, { cause })
  })
  const wanted = names.filter(name => name.endsWith(ending)).toSorted()
  if (wanted.length === 0 && ending === '.cedar')
    throw fault('REQUEST_INVALID', { why: `there is no *.cedar in ${folder}` })
  return Object.fromEntries(
    await Promise.all(wanted.map(async name => [name, await readFile(join(folder, name), 'utf8')])),
  )
}
