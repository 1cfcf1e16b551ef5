// The built form: the same program bundled into a few files, which load in a fraction of the time. Plain JavaScript, since
// it is asked before anything else is loaded.
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

/**
 * The folder of the built form that belongs to the sources as they are now, or undefined when none does. A package without
 * sources has just the one.
 */
export function builtForm(app) {
  const build = read(join(app, 'dist/build.json'))
  if (build === undefined) return undefined
  const { digest, inputs } = JSON.parse(build)
  const current =
    !existsSync(join(app, 'src')) ||
    Object.entries(inputs).every(([path, stamp]) => stamp === stampOf(join(app, path))) ||
    digest === digestOf(Object.keys(inputs).map(path => [path, read(join(app, path))]))
  const folder = join(app, 'dist', digest)
  return current && existsSync(folder) ? folder : undefined
}

/** Changes with a file, and sometimes without it: to look at it takes less time than to read. Undefined without a file. */
export function stampOf(path) {
  const file = statSync(path, { throwIfNoEntry: false })
  return file && `${file.size} ${file.mtimeMs}`
}

/** One name for files and their contents, as bytes or text; a file that is missing makes a name of its own. */
export function digestOf(files) {
  const hash = createHash('sha256')
  for (const [path, content] of files) {
    hash.update(JSON.stringify([path, content === undefined ? null : Buffer.byteLength(content)]))
    if (content !== undefined) hash.update(content)
  }
  return hash.digest('hex').slice(0, 32)
}

function read(path) {
  try {
    return readFileSync(path)
  } catch {
    return undefined
  }
}
