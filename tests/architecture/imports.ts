import { existsSync, globSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { join } from 'node:path'
import { cycles } from './cycles.ts'
import { forbiddenNames, loadsElsewhere, loadsLate, packages, pureNode, readsEnvironment } from './import-map.ts'
import { isDoor, isTest, packageOf, type Place, placeOf, resolve } from './rooms.ts'
import { type Reference, references } from './scan.ts'

/** A broken rule: where, and what to do instead. */
export interface Problem {
  readonly file: string
  readonly line: number
  readonly message: string
}

interface Source {
  readonly path: string
  readonly place: Place
  readonly test: boolean
}

/**
 * Checks the sources under a root (`apps/castellan/src`, `packages/*`) against the import map.
 * Paths in the answer are relative to the root; no problems means that the tree is good.
 */
export function checkImports(root: string): Problem[] {
  const problems: Problem[] = []
  const installed = declaredPackages(root)
  const edges = new Map<string, string[]>()
  for (const path of sources(root)) {
    const place = placeOf(path)
    if (!place) continue
    const source = { path, place, test: isTest(path) }
    const say = (line: number, message: string) => problems.push({ file: path, line, message })
    if (!place.row)
      say(1, `${place.room} has no row in the import map; add one, or move the file into a folder that has`)
    for (const name of path.split('/').slice(0, -1)) {
      if (forbiddenNames.includes(name)) say(1, `a folder named ${name} says nothing; name it after its one idea`)
    }
    for (const reference of references(path, readFileSync(join(root, path), 'utf8'))) {
      const message = judge(source, reference, installed)
      if (message) say(reference.line, message)
      // A thread loads its own copies, so starting one closes no circle.
      if (reference.to.startsWith('.') && reference.is !== 'url' && !source.test)
        edges.set(path, [...(edges.get(path) ?? []), resolve(path, reference.to)])
    }
  }
  for (const cycle of cycles(edges)) {
    problems.push({
      file: cycle[0]!,
      line: 1,
      message: `imports go round in a circle: ${[...cycle, cycle[0]].join(' -> ')}`,
    })
  }
  return problems
}

function sources(root: string): string[] {
  const found = globSync(['apps/castellan/src/**/*.{ts,mts,js,mjs}', 'packages/**/*.{ts,mts,js,mjs}'], {
    cwd: root,
    exclude: path => /(^|\/)(node_modules|dist)(\/|$)/.test(path),
  })
  return found.map(path => path.replaceAll('\\', '/')).toSorted()
}

/** Everything some package.json of the workspace asks for: what tests may use. */
function declaredPackages(root: string): ReadonlySet<string> {
  const names = new Set<string>()
  for (const file of ['package.json', ...globSync('{apps,packages}/*/package.json', { cwd: root })]) {
    if (!existsSync(join(root, file))) continue
    const manifest = JSON.parse(readFileSync(join(root, file), 'utf8')) as Record<
      string,
      Record<string, string> | undefined
    >
    for (const group of ['dependencies', 'devDependencies']) {
      for (const name of Object.keys(manifest[group] ?? {})) names.add(name)
    }
  }
  return names
}

function judge(source: Source, reference: Reference, installed: ReadonlySet<string>): string | undefined {
  const { room } = source.place
  switch (reference.is) {
    case 'env':
      if (source.test || readsEnvironment.includes(room)) return undefined
      return `only ${readsEnvironment.join(' and ')} read process.env; take the value as an argument`
    case 'fetch':
      if (source.test || source.place.row?.node !== 'pure') return undefined
      return `${room} does no I/O, so no fetch; let an adapter do it behind a port`
    case 'star':
      return `no "export *": name what ${room} offers`
    case 'computed':
      if (source.test || loadsElsewhere.includes(source.path)) return undefined
      return 'an import that is computed cannot be checked; write the specifier as a literal'
    case 'import':
    case 'url':
      return (
        (reference.to.startsWith('.')
          ? judgePath(source, resolve(source.path, reference.to))
          : judgeModule(source, reference.to, installed)) ?? judgeLate(source, reference)
      )
    default:
      return reference.is satisfies never
  }
}

function judgePath({ path, place, test }: Source, target: string): string | undefined {
  if (target === path) return undefined
  const goal = placeOf(target)
  if (!goal) {
    if (test) return undefined
    return `${target} is outside of the product's sources`
  }
  if (!test && isTest(target)) return `${target} is for tests; product code must not need it`
  if (goal.folder === place.folder) return undefined
  if (goal.room.startsWith('@castellan/')) return `import ${goal.room} by its name, not by a path`
  if (test) {
    if (isDoor(target, goal) || isTest(target)) return undefined
    return `enter ${goal.room} through its index.ts, not ${target}`
  }
  if (!place.row?.may.includes(goal.room)) return refusal(place.room, goal.room)
  return isDoor(target, goal) ? undefined : `enter ${goal.room} through its index.ts, not ${target}`
}

function refusal(room: string, goal: string): string {
  if (room.startsWith('adapters/') && goal.startsWith('adapters/'))
    return `an adapter never imports another: ${room} -> ${goal}`
  if (goal.startsWith('adapters/')) return `only app imports adapters: ${room} -> ${goal}`
  if (goal === 'app') return `only main.ts imports app: ${room} -> ${goal}`
  return `${room} may not import ${goal}`
}

function judgeModule({ place, test }: Source, specifier: string, installed: ReadonlySet<string>): string | undefined {
  const { room, row } = place
  const bare = specifier.replace(/^node:/, '')
  if (specifier.startsWith('node:') || builtinModules.includes(bare)) {
    if (specifier === bare) return `write node:${bare}`
    if (test || !row || row.node === 'all') return undefined
    if (row.node === 'pure' && pureNode.includes(bare.split('/')[0]!)) return undefined
    if (row.node === 'none') return `${room} runs anywhere, so no ${specifier}`
    return `${room} does no I/O, so no ${specifier}; let an adapter do it behind a port`
  }
  const name = packageOf(specifier)
  if (name in packages) {
    if (specifier !== name) return `import ${name} through its exports, not ${specifier}`
    return test || room === name || row?.may.includes(name) ? undefined : `${room} may not import ${name}`
  }
  if (test && installed.has(name)) return undefined
  if (test) return `no package.json declares ${name}`
  const declared = row?.npm.some(
    it => it === '*' || it === name || (it.endsWith('/*') && name.startsWith(it.slice(0, -1))),
  )
  return declared ? undefined : `${room} does not declare the package ${name} in the import map`
}

function judgeLate({ path, test }: Source, { late }: Reference): string | undefined {
  if (!late || test || loadsLate.some(it => path === it || (it.endsWith('/') && path.startsWith(it)))) return undefined
  return `an import() here hides what the file needs; import at the top, or name it in loadsLate of the import map`
}

if (import.meta.main) {
  const problems = checkImports(process.cwd())
  for (const { file, line, message } of problems) console.log(`${file}:${line} ${message}`)
  process.exitCode = problems.length > 0 ? 1 : 0
}
