import type { Table } from '../measurement.ts'

/** What `node --cpu-prof` writes. Source: Chrome DevTools Protocol, Profiler.Profile. */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[]
  /** Microseconds. */
  readonly startTime: number
  readonly samples: readonly number[]
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[]
}

interface ProfileNode {
  readonly id: number
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
  readonly children?: readonly number[]
}

/** Microseconds by the clock of the profile. */
export interface Window {
  readonly from: number
  readonly to: number
}

/** Time in a function itself, and in it and all it called, in microseconds. */
export interface Spent {
  readonly what: string
  readonly self: number
  readonly total: number
}

/**
 * Of each thread, the busiest first: where the time of a window in which so many calls were made went, by function and by
 * the folder or package it belongs to. Shares are of the time the thread was not idle.
 */
export function profileTables(profiles: readonly CpuProfile[], window: Window, calls: number): readonly Table[] {
  return profiles
    .map(profile => ({ functions: spentBy(profile, window, nameOf), places: spentBy(profile, window, placeOf) }))
    .map(each => ({ ...each, busy: busyTime(each.functions) }))
    .toSorted((a, b) => b.busy - a.busy)
    .filter(({ busy }) => busy > 0)
    .flatMap(({ functions, places, busy }, thread) => [
      table(`Thread ${thread + 1}: functions by their own time`, bySelf(functions).slice(0, 45), busy, calls),
      table(`Thread ${thread + 1}: places by their own time`, bySelf(places).slice(0, 25), busy, calls),
      table(
        `Thread ${thread + 1}: our functions by what they and all they call took`,
        functions
          .filter(({ what }) => what.includes(' apps/castellan/'))
          .toSorted((a, b) => b.total - a.total)
          .slice(0, 40),
        busy,
        calls,
      ),
    ])
}

/** Sums the samples of a window by a name of the functions; recursion counts once. */
export function spentBy(profile: CpuProfile, window: Window, name: (node: ProfileNode) => string): readonly Spent[] {
  const byId = new Map(profile.nodes.map(node => [node.id, node]))
  const selfOf = new Map<number, number>()
  let now = profile.startTime
  for (const [index, id] of profile.samples.entries()) {
    const delta = profile.timeDeltas[index] ?? 0
    now += delta
    if (now >= window.from && now <= window.to) selfOf.set(id, (selfOf.get(id) ?? 0) + delta)
  }
  const self = new Map<string, number>()
  const total = new Map<string, number>()
  const add = (sums: Map<string, number>, what: string, time: number) => sums.set(what, (sums.get(what) ?? 0) + time)
  const walk = (node: ProfileNode, above: ReadonlySet<string>): number => {
    const what = name(node)
    const own = selfOf.get(node.id) ?? 0
    const path = above.has(what) ? above : new Set([...above, what])
    let time = own
    for (const child of node.children ?? []) time += walk(byId.get(child)!, path)
    if (own > 0) add(self, what, own)
    if (time > 0 && !above.has(what)) add(total, what, time)
    return time
  }
  const root = profile.nodes[0]
  if (root !== undefined) walk(root, new Set())
  return [...total].map(([what, time]) => ({ what, self: self.get(what) ?? 0, total: time }))
}

function bySelf(spent: readonly Spent[]): readonly Spent[] {
  return spent.filter(({ self, what }) => self > 0 && what !== IDLE).toSorted((a, b) => b.self - a.self)
}

function busyTime(spent: readonly Spent[]): number {
  return spent.reduce((sum, { what, self }) => (what === IDLE ? sum : sum + self), 0)
}

function table(title: string, spent: readonly Spent[], busy: number, calls: number): Table {
  return {
    title,
    columns: ['self µs/call', 'self %', 'total µs/call', 'total %', 'where'],
    rows: spent.map(({ what, self, total }) => [
      self / calls,
      (self / busy) * 100,
      total / calls,
      (total / busy) * 100,
      what,
    ]),
  }
}

const IDLE = '(idle)'

function nameOf({ callFrame: { functionName, url, lineNumber } }: ProfileNode): string {
  const name = functionName || '(anonymous)'
  return url === '' ? name : `${name} ${short(url)}:${lineNumber + 1}`
}

/** The package of a dependency, the folder of ours, the module of Node. */
function placeOf({ callFrame: { functionName, url } }: ProfileNode): string {
  if (url === '') return functionName.startsWith('(') ? functionName : '(native)'
  const path = short(url)
  const dependency = /^(@[^/]+\/[^/]+|[^/]+)/.exec(path.split('node_modules/').at(-1)!)?.[0]
  if (path.includes('node_modules/')) return `node_modules/${dependency}`
  return path.startsWith('node:') ? path : path.split('/').slice(0, -1).join('/')
}

const root = new URL('../../', import.meta.url).href

function short(url: string): string {
  return url.startsWith(root) ? url.slice(root.length) : url
}
