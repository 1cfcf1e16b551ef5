// Preloaded into every test process: a file whose tests leave something running fails, and the failure says what was left.
import { AsyncLocalStorage } from 'node:async_hooks'
import { relative } from 'node:path'
import { after } from 'node:test'
import { isMainThread } from 'node:worker_threads'
import { countWorkers, leftovers } from './leftovers.ts'

/** Milliseconds in which what is being closed may finish closing. */
const PATIENCE = 2_000
const PAUSE = 20

// The runner, worker threads and processes started by a test load this file too, by inheritance; they are not watched.
const mark = 'CASTELLAN_LEAKS_WATCHED'
if (process.env['NODE_TEST_CONTEXT'] && isMainThread && !process.env[mark]) {
  process.env[mark] = String(process.pid)
  watch()
}

function watch(): void {
  countWorkers()
  // Hooks run in the order in which they were added. This one is the first; the one it adds is the last, and so sees the
  // world after everything that the file itself cleans up.
  const atRoot = AsyncLocalStorage.snapshot()
  after(() => atRoot(after, expectNothingLeft))
}

async function expectNothingLeft(): Promise<void> {
  const end = performance.now() + PATIENCE
  let left: string[]
  do {
    // Before the first look as well: what was started last may not have a handle yet.
    await new Promise(done => setTimeout(done, PAUSE))
    left = leftovers()
  } while (left.length > 0 && performance.now() < end)
  if (left.length === 0) return expectToEnd()
  // What is left would keep this process alive for ever; the pause lets the failure reach the runner first.
  setTimeout(() => process.exit(1), 10 * PAUSE).unref()
  throw complaint(left)
}

/** The last word: with nothing left the process ends by itself, and this timer does not hold it. */
function expectToEnd(): void {
  setTimeout(() => {
    console.error(complaint(leftovers()).message)
    process.exit(1)
  }, PATIENCE).unref()
}

// Thrown from a hook of the whole file, so nothing but this text says which file it was.
function complaint(left: readonly string[]): Error {
  const file = relative(process.cwd(), process.argv[1] ?? '')
  const error = new Error(
    `still running after the last test of ${file}: ${left.join(', ') || 'something without a name'}`,
  )
  delete error.stack
  return error
}
