import { Worker } from 'node:worker_threads'
import jsonata from 'jsonata'
import type { JsonObject, JsonValue } from '../../kernel/index.ts'
import type { Evaluated, Expressions, Parsed } from '../../runs/index.ts'

export interface EvaluationLimits {
  /** Milliseconds for one evaluation. */
  readonly longest: number
  /** Threads there are at most. */
  readonly most: number
  /** Milliseconds without one after which a thread ends. */
  readonly idle: number
  /** What a thread runs. */
  readonly source: URL
}

/**
 * Expressions in JSONata (https://docs.jsonata.org), evaluated in threads, which are there while they are needed: an expression that
 * never ends, by itself or by a pattern in it, ends with its thread.
 */
export function jsonataExpressions(limits: Partial<EvaluationLimits> = {}): Expressions {
  const { longest, most, idle, source } = { ...byDefault, ...limits }
  const waiting: Job[] = []
  const threads = new Set<Thread>()
  const endings = new Set<Promise<unknown>>()
  let closed = false

  function next(): void {
    while (waiting.length > 0) {
      const thread = [...threads].find(({ job }) => job === null) ?? (threads.size < most ? begin() : null)
      if (thread === null) return
      const job = waiting.shift()!
      clearTimeout(thread.timer)
      thread.job = job
      if (thread.ready) give(thread)
    }
  }

  function give(thread: Thread): void {
    if (thread.job === null) return
    const { template, scope } = thread.job
    thread.timer = setTimeout(() => {
      settle(thread, { is: 'failed', why: tooLong(longest) })
      end(thread)
      next()
    }, longest)
    try {
      thread.worker.postMessage({ template, scope })
    } catch (error) {
      settle(thread, { is: 'failed', why: error instanceof RangeError ? TOO_DEEP : bug(error) })
      end(thread)
      next()
    }
  }

  function begin(): Thread {
    const worker = new Worker(source, LIMITS)
    const thread: Thread = { worker, ready: false, job: null, timer: undefined }
    threads.add(thread)
    worker.on('message', (said: Evaluated | 'ready') => {
      if (said === 'ready') {
        thread.ready = true
        return give(thread)
      }
      settle(thread, said)
      thread.timer = setTimeout(() => end(thread), idle).unref()
      next()
    })
    worker.on('error', error => settle(thread, { is: 'failed', why: isOutOfMemory(error) ? TOO_MUCH : bug(error) }))
    worker.once('exit', code => {
      threads.delete(thread)
      settle(thread, { is: 'failed', why: bug(`its thread ended with ${code}`) })
      next()
    })
    return thread
  }

  function settle(thread: Thread, said: Evaluated): void {
    clearTimeout(thread.timer)
    thread.job?.settle(said)
    thread.job = null
  }

  function end(thread: Thread): void {
    clearTimeout(thread.timer)
    threads.delete(thread)
    const ending = thread.worker.terminate().finally(() => endings.delete(ending))
    endings.add(ending)
  }

  return {
    parse: text => Promise.resolve(parse(text)),

    async evaluate(template, scope, signal) {
      if (closed || signal.aborted) return stopped
      const { promise, resolve } = Promise.withResolvers<Evaluated>()
      const job: Job = { template, scope, settle: resolve }
      const leave = () => {
        // One that is under way ends soon by itself.
        if (waiting.includes(job)) waiting.splice(waiting.indexOf(job), 1)
        resolve(stopped)
      }
      signal.addEventListener('abort', leave, { once: true })
      waiting.push(job)
      next()
      return promise.finally(() => signal.removeEventListener('abort', leave))
    },

    async close() {
      closed = true
      for (const job of waiting.splice(0)) job.settle(stopped)
      for (const thread of threads) {
        settle(thread, stopped)
        end(thread)
      }
      await Promise.all(endings)
    },
  }
}

function parse(text: string): Parsed {
  try {
    const mentions = new Set<string>()
    mention(jsonata(text).ast(), mentions)
    return { problem: null, mentions: [...mentions] }
  } catch (error) {
    const { message, position } = error as { readonly message?: unknown; readonly position?: unknown }
    const where = typeof position === 'number' ? ` (at character ${position})` : ''
    return { problem: `${typeof message === 'string' ? message : 'it is too deep'}${where}`, mentions: [] }
  }
}

/** Finds every path that begins with `nodes.<id>`. */
function mention(part: unknown, found: Set<string>): void {
  if (typeof part !== 'object' || part === null) return
  const { type, steps } = part as { readonly type?: unknown; readonly steps?: readonly Named[] }
  if (type === 'path' && steps?.[0]?.type === 'name' && steps[0].value === 'nodes' && steps[1]?.type === 'name')
    found.add(String(steps[1].value))
  for (const inner of Object.values(part)) mention(inner, found)
}

interface Named {
  readonly type?: unknown
  readonly value?: unknown
}

interface Job {
  readonly template: JsonValue
  readonly scope: JsonObject
  readonly settle: (said: Evaluated) => void
}

interface Thread {
  readonly worker: Worker
  /** Whether it has loaded all it needs. */
  ready: boolean
  job: Job | null
  timer: NodeJS.Timeout | undefined
}

const byDefault: EvaluationLimits = {
  longest: 2_000,
  most: 2,
  idle: 10_000,
  source: new URL('./evaluate.thread.ts', import.meta.url),
}

const stopped: Evaluated = { is: 'failed', why: 'it was stopped' }

const LIMITS = {
  name: 'expressions',
  env: {},
  execArgv: [],
  resourceLimits: { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 16, stackSizeMb: 4 },
}

const { maxOldGenerationSizeMb: old, maxYoungGenerationSizeMb: young } = LIMITS.resourceLimits

const TOO_MUCH = `it took more memory than the ${old + young} MB that one evaluation may take; let it make less at once, or split it into several`

/** How deep that is depends on what it is made of. */
const TOO_DEEP =
  'what it is given is nested deeper than can be handed over, which is some thousand levels; let it be flatter'

function tooLong(longest: number): string {
  return `it did not come to an end within the ${longest} ms that one evaluation may take; let it go through less, or split it into several`
}

/** What went wrong is not the fault of whoever wrote the expression. */
function bug(error: unknown): string {
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  return `it could not be evaluated because of a bug of ours, and may be right; report it with this message: ${message.slice(0, LONGEST_MESSAGE).toWellFormed()}`
}

function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY'
}

/** Characters. */
const LONGEST_MESSAGE = 500
