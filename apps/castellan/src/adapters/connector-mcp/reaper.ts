import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import type { Writable } from 'node:stream'

/** Marks every child of this control plane, and whatever it starts in turn, in its environment. */
export const instance = `CASTELLAN_INSTANCE=${randomUUID()}`

/**
 * Reads the process groups to end, `+pgid` and `-pgid` by line, until we are gone: the kernel closes the pipe however we
 * die, and only once every child we forked has become its own program, mark included. Then it kills everything marked,
 * again and again until nothing is found twice in a row (each look may race with a fork), for a minute at most.
 * Where there is no /proc to look for marks in, it kills the groups it was told about. When told `bye` there is nothing to
 * watch, and it goes without looking: marks of children started later are the next one's business.
 */
const script = `
trap '' HUP INT TERM
groups=
while read -r line; do
  case $line in
    +*) groups="$groups \${line#+} " ;;
    bye) exit 0 ;;
    -*) kept=; for g in $groups; do [ "$g" = "\${line#-}" ] || kept="$kept $g "; done; groups=$kept ;;
  esac
done
if [ -r /proc/self/environ ]; then
  clean=0 looks=0
  while [ $clean -lt 2 ] && [ $looks -lt 300 ]; do
    looks=$((looks + 1))
    found=$(grep -lsF -e "$1" /proc/[0-9]*/environ)
    if [ -z "$found" ]; then clean=$((clean + 1)); else clean=0; fi
    for f in $found; do p=\${f#/proc/}; kill -9 "\${p%/environ}" 2>/dev/null; done
    sleep 0.1 2>/dev/null || sleep 1
  done
else
  for g in $groups; do kill -9 -- "-$g" 2>/dev/null; done
fi
`

let current: { readonly reaper: ChildProcess; readonly pipe: Writable } | null = null
const groups = new Set<number>()
/** Children that are about to be started, or have no group yet. */
let expected = 0

/** A child that is about to be started; exactly one of the two follows. */
export interface ExpectedChild {
  /** It leads this process group. Returns what tells the reaper that nothing of the child is left. */
  started(group: number): () => void
  /** There is no child after all. */
  failed(): void
}

/** Makes sure that a reaper watches over us, from before a child is started. `path` is where it finds `grep`. */
export function expectChild(path: string): ExpectedChild {
  expected++
  if (current === null) startReaper(path)
  return {
    started(group) {
      expected--
      groups.add(group)
      current?.pipe.write(`+${group}\n`)
      return () => {
        if (!groups.delete(group)) return
        current?.pipe.write(`-${group}\n`)
        dismissIfIdle()
      }
    },
    failed() {
      expected--
      dismissIfIdle()
    },
  }
}

function startReaper(path: string): void {
  // In its own session, so that a signal to our terminal or group does not reach it, and without the mark it looks for.
  const reaper = spawn('/bin/sh', ['-c', script, 'castellan-reaper', instance], {
    detached: true,
    cwd: '/',
    env: { PATH: path },
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  const pipe = reaper.stdin
  const gone = (): void => {
    if (current?.reaper !== reaper) return
    current = null
    // Somebody ended it while there was something to watch.
    if (groups.size + expected > 0 && reaper.pid !== undefined) startReaper(path)
  }
  reaper.once('exit', gone).once('error', gone)
  pipe.on('error', () => {})
  current = { reaper, pipe }
  for (const group of groups) pipe.write(`+${group}\n`)
  reaper.unref()
  unref(pipe)
}

function dismissIfIdle(): void {
  if (groups.size + expected > 0) return
  const dismissed = current
  current = null
  dismissed?.pipe.end('bye\n')
}

/** A pipe of a child keeps us alive by itself; Node types it without saying so. */
function unref(pipe: Writable): void {
  if ('unref' in pipe && typeof pipe.unref === 'function') pipe.unref()
}
