import { Worker } from 'node:worker_threads'
import { fault } from '../../../kernel/index.ts'
import { type Statement, unavailable } from '../database.ts'
import type { Batch, Reply, Request, Result, WriterSettings } from './batch.ts'

/** The near side of the writer thread: posts batches and settles each when the thread has answered for it. */
export class WriterThread {
  /** Transactions committed. */
  commits = 0
  /** Batches acknowledged as written. */
  batches = 0
  readonly worker: Worker
  readonly #pending = new Map<number, Pending>()
  readonly #exit: Promise<void>
  readonly #onAppended: () => void
  #unposted: Batch[] = []
  #newest = 0
  #stopped: string | undefined

  /** Calls `onAppended` once for each transaction in which a batch that appends was written. */
  constructor(settings: WriterSettings, onAppended: () => void) {
    this.#onAppended = onAppended
    this.worker = new Worker(new URL('./writer.ts', import.meta.url), {
      workerData: settings,
      name: 'castellan-writer',
    })
    this.worker.on('message', (reply: Reply) => this.#settle(reply))
    this.worker.on('error', error => this.#stop(`the writer thread failed: ${error.message}`))
    this.#exit = new Promise(resolve => {
      this.worker.once('exit', () => {
        this.#stop('the writer thread has ended')
        resolve()
      })
    })
  }

  /** As {@link Database.write}. */
  write(statements: readonly Statement[], appends: boolean): Promise<void> {
    if (this.#stopped !== undefined) return Promise.reject(unavailable(this.#stopped))
    const id = ++this.#newest
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject, appends })
      // Everything that is written in this turn of the event loop crosses in one message.
      if (this.#unposted.push({ id, statements }) === 1) setImmediate(() => this.#post())
    })
  }

  /** Refuses new batches, waits for those that were accepted, and resolves when the thread is gone. Idempotent. */
  async close(): Promise<void> {
    if (this.#stopped === undefined) {
      this.#stopped = 'it is closed'
      this.#post()
      this.worker.postMessage('close')
    }
    await this.#exit
  }

  #post(): void {
    if (this.#unposted.length === 0) return
    const batches = this.#unposted
    this.#unposted = []
    this.worker.postMessage({ batches } satisfies Request)
  }

  #settle({ results, commits }: Reply): void {
    this.commits = commits
    let appended = false
    for (const { id, result } of results) {
      const pending = this.#pending.get(id)!
      this.#pending.delete(id)
      if (result.is === 'done') {
        this.batches++
        appended ||= pending.appends
        pending.resolve()
      } else {
        pending.reject(errorOf(result))
      }
    }
    if (appended) this.#onAppended()
  }

  #stop(why: string): void {
    this.#stopped ??= why
    for (const { reject } of this.#pending.values()) reject(unavailable(why))
    this.#pending.clear()
    this.#unposted = []
  }
}

interface Pending {
  readonly resolve: () => void
  readonly reject: (error: Error) => void
  readonly appends: boolean
}

function errorOf(result: Exclude<Result, { is: 'done' }>): Error {
  switch (result.is) {
    case 'refused':
      return fault(result.refusal.code, result.refusal.details)
    case 'unavailable':
      return unavailable(result.why)
    case 'bug':
      return new Error(result.why)
    default:
      return result satisfies never
  }
}
