/**
 * `strict`: no network, all files read-only, and no sight of the home and run-time folders; `standard`: the same with the
 * network; `open`: nothing is closed unless it is said.
 */
export const sandboxPresets = ['strict', 'standard', 'open'] as const
export type SandboxPreset = (typeof sandboxPresets)[number]

/** How a stdio server is confined: what its preset says, and what was said beyond. Null is for no limit. */
export interface SandboxSettings {
  readonly preset: SandboxPreset
  /** Null for what the preset says. */
  readonly network: 'none' | 'host' | null
  /** Absolute paths, or below the home of the control plane's user: `~`, `~/…`. The longer path outranks the shorter. */
  readonly readOnly: readonly string[]
  readonly hidden: readonly string[]
  readonly writable: readonly string[]
  /** Most bytes of private memory of one process. */
  readonly memory: number | null
  /** Most seconds one process may compute. */
  readonly cpuSeconds: number | null
  /** Most processes and threads at once. */
  readonly processes: number | null
  /** Most files one process may have open. */
  readonly openFiles: number | null
  /** Most bytes of a file it writes. */
  readonly fileSize: number | null
}

export const noSandboxWishes: Omit<SandboxSettings, 'preset'> = {
  network: null,
  readOnly: [],
  hidden: [],
  writable: [],
  memory: null,
  cpuSeconds: null,
  processes: null,
  openFiles: null,
  fileSize: null,
}

export function networkOf({ preset, network }: SandboxSettings): 'none' | 'host' {
  return network ?? (preset === 'strict' ? 'none' : 'host')
}

/** Whether all files are read-only and the folders of users and services are out of sight, unless said otherwise. */
export function closesFiles({ preset }: SandboxSettings): boolean {
  return preset !== 'open'
}

/**
 * Whether the kernel keeps a server from reaching anything beyond itself and the files it sees: no network, and no sight of the
 * sockets of services, which could act for it.
 */
export function isCutOff(settings: SandboxSettings): boolean {
  const given = [...settings.readOnly, ...settings.writable]
  return networkOf(settings) === 'none' && closesFiles(settings) && !given.some(path => RUN_TIME.test(path))
}

/** Where services have their sockets. */
const RUN_TIME = /^(\/var)?\/run(\/|$)|^\/var$/

/** Why a sandbox cannot be meant as it is said; undefined when it can. */
export function sandboxProblem(settings: SandboxSettings): string | undefined {
  const { readOnly, hidden, writable } = settings
  const given = [...readOnly, ...hidden, ...writable]
  const odd = given.find(path => !PATH.test(path) || path.split('/').some(part => part === '.' || part === '..'))
  if (odd !== undefined) {
    return `the path "${odd.slice(0, 200)}" of the sandbox must be absolute, or begin with ~, and have no "." or ".." in it`
  }
  const paths = given.map(path => path.replace(/(.)\/$/, '$1'))
  const twice = paths.find((path, index) => paths.indexOf(path) !== index)
  if (twice !== undefined) return `the path "${twice}" is given twice; it is either read-only, hidden or writable`
  const own = paths.find(path => /^\/(proc|dev)(\/|$)/.test(path))
  if (own !== undefined) return `the path "${own}" is the sandbox's own; it has a /proc and a /dev for itself`
  if (paths.includes('/'))
    return 'the whole file system is what the preset says: "open" has it writable, and nothing runs without it'
  return undefined
}

const PATH = /^(\/|~?(\/[^/\0]+)+\/?|~\/?)$/
