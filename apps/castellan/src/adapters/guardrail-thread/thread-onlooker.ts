import { Worker } from 'node:worker_threads'
import type { Onlooker, OnBug, Sight } from '../../guardrails/index.ts'

export interface ThreadOptions {
  /** Names of the detectors, who are all unavailable when a text cannot be looked at. */
  readonly detectors: readonly string[]
  readonly onBug: OnBug
  /** Threads there are at most. */
  readonly most: number
  /** Milliseconds without a text after which they end. */
  readonly idle?: number
  /** Milliseconds a thread may take for one text before it is ended: none takes that long, unless something is wrong. */
  readonly longest?: number
  /** What a thread runs; another in tests. */
  readonly source?: URL
}

/** What a thread says of a text. */
export interface Looked {
  readonly sight: Sight
  /** What detectors threw. */
  readonly bugs: readonly string[]
}

/**
 * Looks at texts in threads of their own, which are there while they are needed. A thread that a text ends is replaced, and the text is
 * looked at once more: it may have been the one before it. Who ends two threads is seen by no detector.
 */
export function threadOnlooker(options: ThreadOptions): Onlooker {
  const {
    detectors,
    onBug,
    most,
    idle = 30_000,
    longest = 30_000,
    source = new URL('./look.thread.ts', import.meta.url),
  } = options
  const waiting: Job[] = []
  const threads = new Set<Thread>()
  const endings = new Set<Promise<unknown>>()
  let waitingLength = 0
  let resting: NodeJS.Timeout | undefined
  let closed = false

  function next(): void {
    while (waiting.length > 0) {
      const thread = [...threads].find(({ job }) => job === null) ?? (threads.size < most ? begin() : null)
      if (thread === null) return
      const job = waiting.shift()!
      waitingLength -= job.text.length
      thread.job = job
      thread.late = setTimeout(() => void thread.worker.terminate(), longest)
      thread.worker.postMessage(job.text)
    }
    if ([...threads].every(({ job }) => job === null)) rest()
  }

  function begin(): Thread {
    const thread: Thread = { worker: new Worker(source, LIMITS), job: null, late: undefined }
    threads.add(thread)
    thread.worker.on('message', ({ sight, bugs }: Looked) => {
      for (const bug of bugs) onBug(new Error(bug))
      release(thread)?.settle(sight)
      next()
    })
    thread.worker.on('error', onBug)
    thread.worker.once('exit', () => lose(thread))
    return thread
  }

  function lose(thread: Thread): void {
    threads.delete(thread)
    const job = release(thread)
    if (job === null) return
    job.lost++
    if (job.lost > 1 || closed) job.settle({ findings: [], unavailable: detectors })
    else enqueue(job)
    next()
  }

  function enqueue(job: Job): void {
    waiting.push(job)
    waitingLength += job.text.length
  }

  function rest(): void {
    clearTimeout(resting)
    resting = setTimeout(() => end(), idle).unref()
  }

  function end(): void {
    for (const thread of threads) {
      threads.delete(thread)
      const ending = thread.worker.terminate().finally(() => endings.delete(ending))
      endings.add(ending)
    }
  }

  return {
    async look(text) {
      if (closed || waitingLength + text.length > MOST_WAITING) return null
      clearTimeout(resting)
      const { promise, resolve } = Promise.withResolvers<Sight>()
      enqueue({ text, settle: resolve, lost: 0 })
      next()
      return promise
    },

    async close() {
      closed = true
      clearTimeout(resting)
      for (const job of waiting.splice(0)) job.settle({ findings: [], unavailable: detectors })
      waitingLength = 0
      end()
      await Promise.all(endings)
    },
  }
}

/** Characters that may wait for a thread. */
const MOST_WAITING = 64 * 1024 * 1024

const LIMITS = { name: 'guardrails', execArgv: [], resourceLimits: { maxOldGenerationSizeMb: 512 } }

interface Job {
  readonly text: string
  readonly settle: (sight: Sight) => void
  /** Threads that ended while they looked at it. */
  lost: number
}

interface Thread {
  readonly worker: Worker
  job: Job | null
  late: NodeJS.Timeout | undefined
}

/** What the thread was about. */
function release(thread: Thread): Job | null {
  const { job } = thread
  clearTimeout(thread.late)
  thread.job = null
  return job
}
