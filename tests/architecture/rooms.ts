import { posix } from 'node:path'
import { adapters, app, folders, main, packages, type Room } from './import-map.ts'

const SRC = 'apps/castellan/src/'

/** Where a file lives: the room's name in the import map, its folder, and its row (undefined when the map has none). */
export interface Place {
  readonly room: string
  readonly folder: string
  readonly row: Room | undefined
}

/** The place of a path relative to the root of the repository; undefined outside of the sources the map speaks of. */
export function placeOf(path: string): Place | undefined {
  if (path.startsWith(SRC)) return inApp(path.slice(SRC.length).split('/'))
  const [top, name] = path.split('/')
  if (top !== 'packages' || !name) return undefined
  const room = `@castellan/${name}`
  return { room, folder: `packages/${name}`, row: packages[room] }
}

function inApp([first = '', second = '']: readonly string[]): Place {
  if (second === '') return { room: first.replace(/\.ts$/, ''), folder: `${SRC}${first}`, row: mainRow(first) }
  if (first === 'adapters') {
    return { room: `adapters/${second}`, folder: `${SRC}adapters/${second}`, row: adapters[second] }
  }
  return { room: first, folder: SRC + first, row: first === 'app' ? app : folders[first] }
}

function mainRow(file: string): Room | undefined {
  return file === 'main.ts' ? main : undefined
}

/** Tests, contract suites and what only they use: they may reach further than the folder they lie in. */
export function isTest(path: string): boolean {
  return /\.(test|testsuite)\.[mc]?ts$/.test(path) || /\/(fixtures|testing)\//.test(path)
}

/** Whether other rooms may import this file of a room. */
export function isDoor(path: string, place: Place): boolean {
  return path === `${place.folder}/index.ts`
}

/** Resolves a relative specifier against the importing file; paths are relative to the root. */
export function resolve(from: string, specifier: string): string {
  return posix.normalize(posix.join(posix.dirname(from), specifier))
}

/** `@scope/name` or `name` of a bare specifier. */
export function packageOf(specifier: string): string {
  const parts = specifier.split('/')
  return parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/')
}
