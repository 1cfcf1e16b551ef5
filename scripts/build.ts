// npm run build [-- --alone]: makes the built form of the program in apps/castellan/dist, unless the one there is of these
// sources; alone, it is the only one left.
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { type Plugin, rolldown } from 'rolldown'
import { builtForm, digestOf, stampOf } from '../apps/castellan/bin/built.js'
import { requireNode } from './node-version.ts'

/** What is started by name: the program and its threads. */
const entries = [
  'src/main.ts',
  'src/adapters/store-sql/sqlite/writer.ts',
  'src/adapters/connector-openapi/compile.thread.ts',
  'src/adapters/policy-opa/evaluate.thread.ts',
  'src/adapters/guardrail-thread/look.thread.ts',
  'src/adapters/expressions-jsonata/evaluate.thread.ts',
  'src/adapters/guardrail-onnx/classify.thread.ts',
]

/** Decide what comes out, besides what is bundled. */
const conditions = ['../../package-lock.json', '../../scripts/build.ts']

/** Packages that look for files beside their own, or that only few installations load. */
const apart = [/^@cedar-policy\//, /^@fastify\/swagger(-ui)?$/, /^pg$/]

/** Earlier forms that are kept: programs that run from one may still load parts of it. */
const KEPT = 3

/**
 * Bundles the program at `app` into `dist/<digest of the sources>` and points `dist/build.json` there. Other builds of the
 * same sources at the same time, and programs that run from an earlier form, are not disturbed. Resolves with the folder.
 */
export async function build(app: string, kept = KEPT): Promise<string> {
  const dist = join(app, 'dist')
  await mkdir(dist, { recursive: true })
  const scratch = await mkdtemp(join(dist, 'making-'))
  try {
    const sources = await bundle(app, scratch)
    // Whoever installs it may not be who runs it.
    await chmod(scratch, 0o755)
    for (const path of conditions) sources.set(path, await readFile(join(app, path), 'utf8'))
    const files = [...sources].toSorted(([one], [other]) => (one < other ? -1 : 1))
    const digest = digestOf(files)
    const folder = join(dist, digest)
    // Two that build the same make the same: the first one stays.
    await rename(scratch, folder).catch(unlessOccupied)
    const pointer = `${scratch}.json`
    const stamps = files.map(async ([path, text]) => [path, await stamped(join(app, path), text)] as const)
    const inputs = Object.fromEntries(await Promise.all(stamps))
    await writeFile(pointer, `${JSON.stringify({ digest, inputs }, null, 2)}\n`)
    await rename(pointer, join(dist, 'build.json'))
    await prune(dist, digest, kept)
    return folder
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

/** The stamp of a source; null when it was changed after it went in. */
async function stamped(source: string, text: string): Promise<string | null> {
  const stamp = stampOf(source) ?? null
  return (await readFile(source, 'utf8')) === text ? stamp : null
}

/** Resolves with our own sources that went in, by path from `app`, exactly as they were read. */
async function bundle(app: string, folder: string): Promise<Map<string, string>> {
  const sources = new Map<string, string>()
  const made = await rolldown({
    input: Object.fromEntries(entries.map(entry => [nameIn(app, join(app, entry)), join(app, entry)])),
    platform: 'node',
    external: apart,
    plugins: [note(app, sources), placeFiles(app), plainHttp()],
    // Nothing of ours does anything by being loaded, and nothing of the SDK, which does not say so itself: a file that is merely
    // named on the way to another need not come with it.
    treeshake: {
      moduleSideEffects: [{ test: /^(?!.*\/node_modules\/)|\/@modelcontextprotocol\//, sideEffects: false }],
    },
    // What it says about packages is for those who make them.
    logLevel: 'silent',
  })
  await made.write({ dir: folder, format: 'esm', sourcemap: true, entryFileNames: '[name].js' })
  await made.close()
  return sources
}

/** What the built form calls something that is started by name: `main`, `adapters-policy-opa-evaluate.thread`. */
function nameIn(app: string, source: string): string {
  return relative(join(app, 'src'), source).slice(0, -'.ts'.length).replaceAll(sep, '-')
}

function note(app: string, sources: Map<string, string>): Plugin {
  return {
    name: 'note-sources',
    transform(text, id) {
      if (!id.includes('/node_modules/') && !id.startsWith('\0')) sources.set(relative(app, id), text)
      return null
    },
  }
}

/** Files that are found from where a source lies are found from where the bundle lies; threads are bundled themselves. */
function placeFiles(app: string): Plugin {
  const folder = join(app, 'dist/any')
  return {
    name: 'place-files',
    transform(text, id) {
      if (id.includes('/node_modules/')) return null
      const code = text.replaceAll(/new URL\('(\.[^']+)', import\.meta\.url\)/g, (_, path: string) => {
        const target = resolve(dirname(id), path)
        const to = target.endsWith('.ts') ? `./${nameIn(app, target)}.js` : relative(folder, target)
        return `new URL('${to}', import.meta.url)`
      })
      // No line has moved, so the map needs no correction.
      return code === text ? null : { code, map: null }
    },
  }
}

/**
 * Gets `node:http` without an import: that would read all it exports, its WebSocket among it, and so load all of Node's fetch,
 * which takes a sixth of the start.
 */
function plainHttp(): Plugin {
  const id = '\0plain-http'
  const names = Object.entries(Object.getOwnPropertyDescriptors(process.getBuiltinModule('node:http')))
    .filter(([, { get }]) => get === undefined)
    .map(([name]) => name)
  return {
    name: 'plain-http',
    resolveId: (source, _, { kind }) => (source === 'node:http' && kind === 'import-statement' ? id : null),
    load: loaded =>
      loaded === id ? `export const { ${names.join(', ')} } = process.getBuiltinModule('node:http')` : null,
  }
}

async function prune(dist: string, current: string, kept: number): Promise<void> {
  const names = (await readdir(dist)).filter(name => /^[0-9a-f]{32}$/.test(name) && name !== current)
  const aged = await Promise.all(names.map(async name => ({ name, at: (await stat(join(dist, name))).mtimeMs })))
  for (const { name } of aged.toSorted((one, other) => other.at - one.at).slice(kept)) {
    await rm(join(dist, name), { recursive: true, force: true })
  }
}

function unlessOccupied(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
}

if (import.meta.main) {
  requireNode()
  const app = join(import.meta.dirname, '../apps/castellan')
  const alone = process.argv.includes('--alone')
  if (alone || builtForm(app) === undefined) {
    const start = performance.now()
    const folder = await build(app, alone ? 0 : KEPT)
    console.log(`Built ${relative(process.cwd(), folder)} in ${((performance.now() - start) / 1000).toFixed(1)} s.`)
  }
}
