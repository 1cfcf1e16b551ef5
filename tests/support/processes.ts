import { readdirSync, readFileSync } from 'node:fs'

/** Processes of this machine whose command line or environment holds a text; not this one, nor those already dead. */
export function processesWith(mark: string): number[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter(pid => ['cmdline', 'environ'].some(file => read(`/proc/${pid}/${file}`).includes(mark)))
    .map(Number)
}

/** The value of a variable in the environment a process was started with. */
export function variableOf(pid: number, name: string): string | undefined {
  const assignment = read(`/proc/${pid}/environ`)
    .split('\0')
    .find(each => each.startsWith(`${name}=`))
  return assignment?.slice(name.length + 1)
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    // It ended meanwhile, or belongs to somebody else.
    return ''
  }
}
