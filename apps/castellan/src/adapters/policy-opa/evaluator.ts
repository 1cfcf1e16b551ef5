import { setImmediate } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { formatDuration } from '../../kernel/index.ts'
import { BundleProblem } from './bundle-problem.ts'
import type { Bundle } from './read-bundle.ts'

/** What came of one evaluation. */
export type Evaluation =
  | { readonly is: 'result'; readonly result: unknown }
  | { readonly is: 'undefined' }
  | { readonly is: 'failed'; readonly why: string }

export interface Bounds {
  /** Milliseconds for one evaluation, waiting for its turn included. */
  readonly timeout: number
  /** Bytes of memory a policy may use, its data and the question included. */
  readonly memory: number
}

export interface ThreadOrder extends Pick<Bundle, 'wasm' | 'data'> {
  /** Of 64 KiB. */
  readonly pages: number
}

/** What the thread says first. */
export interface Started {
  readonly entrypoints: readonly string[]
}

export interface Task {
  readonly entrypoint: string
  /** JSON. */
  readonly input: string
}

interface Job extends Task {
  readonly settle: (evaluation: Evaluation) => void
}

/**
 * Evaluates a compiled policy in a thread of its own, one question after the other. An evaluation that takes too long ends with
 * its thread; the next question gets a new one, and so does whoever comes after a policy that broke the old one.
 */
export class Evaluator {
  readonly #order: ThreadOrder
  readonly #timeout: number
  readonly #waiting = new Set<Job>()
  readonly #asked = new Set<Promise<Evaluation>>()
  #thread: Thread | null = null
  #running: Job | null = null
  #closed = false
  #ending: Promise<unknown> = Promise.resolve()
  entrypoints: readonly string[] = []

  private constructor(bundle: Bundle, { timeout, memory }: Bounds) {
    this.#order = { wasm: bundle.wasm, data: bundle.data, pages: Math.ceil(memory / 65_536) }
    this.#timeout = timeout
  }

  /** Resolves once the policy is loaded. Throws {@link BundleProblem} when it cannot be. */
  static async start(bundle: Bundle, bounds: Bounds): Promise<Evaluator> {
    const evaluator = new Evaluator(bundle, bounds)
    const thread = evaluator.#begin()
    try {
      evaluator.entrypoints = (await thread.started).entrypoints
      return evaluator
    } catch (cause) {
      await evaluator.close()
      throw new BundleProblem(`cannot be loaded (${(cause as Error).message})`, { cause })
    }
  }

  /** Never rejects, and takes no longer than the timeout. */
  evaluate(task: Task): Promise<Evaluation> {
    const { promise, resolve } = Promise.withResolvers<Evaluation>()
    const late = setTimeout(() => this.#giveUp(job), this.#timeout)
    const job: Job = { ...task, settle: evaluation => (clearTimeout(late), resolve(evaluation)) }
    if (this.#closed) job.settle({ is: 'failed', why: 'it is no longer in force' })
    else this.#waiting.add(job)
    this.#next()
    this.#asked.add(promise)
    void promise.then(() => this.#asked.delete(promise))
    return promise
  }

  /** Answers what was asked, and then closes: whoever has just got hold of it loses nothing. */
  async retire(): Promise<void> {
    do {
      await setImmediate()
      await Promise.all(this.#asked)
    } while (this.#asked.size > 0)
    await this.close()
  }

  /** Ends the thread. What waits is told that it failed. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true
    this.#fail('it is no longer in force')
    for (const job of this.#waiting) job.settle({ is: 'failed', why: 'it is no longer in force' })
    this.#waiting.clear()
    await this.#ending
  }

  #next(): void {
    const [job] = this.#waiting
    if (this.#running || !job) return
    this.#waiting.delete(job)
    this.#running = job
    const thread = this.#thread ?? this.#begin()
    thread.started.then(
      () => {
        const { entrypoint, input } = job
        if (this.#running === job) thread.worker.postMessage({ entrypoint, input } satisfies Task)
      },
      // Told by the event that ends the thread.
      () => undefined,
    )
  }

  #begin(): Thread {
    const worker = new Worker(new URL('./evaluate.thread.ts', import.meta.url), {
      workerData: this.#order,
      name: 'opa-wasm',
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: 256 },
    })
    const { promise: started, resolve, reject } = Promise.withResolvers<Started>()
    // Whoever waits for the start hears of it; nobody has to.
    started.catch(() => undefined)
    const thread: Thread = { worker, started }
    this.#thread = thread
    worker.once('message', (first: Started) => {
      resolve(first)
      worker.on('message', (evaluation: Evaluation) => this.#done(thread, evaluation))
    })
    worker.once('error', error => {
      reject(error)
      if (this.#thread === thread) this.#fail('its evaluation ended with its thread')
    })
    worker.once('exit', () => reject(new Error('the thread ended')))
    return thread
  }

  #done(thread: Thread, evaluation: Evaluation): void {
    if (this.#thread !== thread || !this.#running) return
    const job = this.#running
    this.#running = null
    job.settle(evaluation)
    this.#next()
  }

  #giveUp(job: Job): void {
    const why = `no answer within ${formatDuration(this.#timeout)}`
    if (this.#running === job) return this.#fail(why)
    this.#waiting.delete(job)
    job.settle({ is: 'failed', why })
  }

  /** Ends the thread, and with it what it is about. */
  #fail(why: string): void {
    const [job, thread] = [this.#running, this.#thread]
    this.#running = null
    this.#thread = null
    if (thread) this.#ending = Promise.all([this.#ending, thread.worker.terminate()])
    job?.settle({ is: 'failed', why })
    this.#next()
  }
}

interface Thread {
  readonly worker: Worker
  readonly started: Promise<Started>
}
