import type { LinkEvents } from '../../gate/index.ts'

/** Milliseconds in which the same news is told once more at most. */
const SPAN = 100
/** Different news held back at once, and log lines handed on in a second. */
const MOST_NEWS = 1_000
const MOST_LINES = 200

/** The same events, but a server that floods us with them is heard as often as makes sense, and its floods are told once. */
export function calmed(events: LinkEvents): LinkEvents {
  const news = onceInAWhile()
  const log = limited(line => events.onLog?.(line))
  return {
    onListChanged: list => news(list, () => events.onListChanged(list)),
    onResourceUpdated: uri => news(`resource ${uri}`, () => events.onResourceUpdated?.(uri)),
    onLog: log,
  }
}

/** Tells the first at once, and what came meanwhile when the span is over. */
function onceInAWhile(): (what: string, tell: () => void) => void {
  /** Whether it came again, by what it is. */
  const told = new Map<string, boolean>()
  return function hear(what, tell) {
    if (told.has(what)) return void told.set(what, true)
    if (told.size >= MOST_NEWS) return
    told.set(what, false)
    tell()
    setTimeout(() => {
      const again = told.get(what) === true
      told.delete(what)
      if (again) hear(what, tell)
    }, SPAN).unref()
  }
}

function limited(say: (line: string) => void): (line: string) => void {
  let since = Number.NEGATIVE_INFINITY
  let count = 0
  return line => {
    const now = performance.now()
    if (now - since >= 1_000) {
      since = now
      count = 0
    }
    if (++count <= MOST_LINES) say(line)
    else if (count === MOST_LINES + 1)
      say(`it logs more than ${MOST_LINES} lines a second; the rest of this second is dropped`)
  }
}
