import { Worker } from 'node:worker_threads'
import type { Entry, Haste } from '../../../journal/index.ts'
import { fault } from '../../../kernel/index.ts'
import { type Statement, unavailable } from '../database.ts'
import { type BatchStatement, crossing, type Reply, type Result, type WriterSettings } from './batch.ts'

/** The near side of the writer thread: posts batches and settles each when the thread has answered for it. */
export class WriterThread {
  /** Transactions committed. */
  commits = 0
  /** Batches acknowledged as written. */
  batches = 0
  readonly worker: Worker
  readonly #exit: Promise<void>
  readonly #onAppended: (entries: readonly Entry[], head: number) => void
  readonly #numbers = new Map<string, number>()
  #newTexts: string[] = []
  /** In the order they are answered: those that crossed, and then those that did not yet. */
  #pending: Pending[] = []
  /** Batches as JSON. */
  #unposted: string[] = []
  #size = 0
  #appends = false
  /** What the next message is for, if one is due. */
  #posting: Haste | null = null
  #stopped: string | undefined

  /** Calls `onAppended` for each transaction that added to the journal, with what it added and the newest offset. */
  constructor(settings: WriterSettings, onAppended: (entries: readonly Entry[], head: number) => void) {
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
  write(statements: readonly Statement[], entries: readonly Entry[] = [], haste: Haste = 'now'): Promise<void> {
    if (this.#stopped !== undefined) return Promise.reject(unavailable(this.#stopped))
    return new Promise((resolve, reject) => {
      const text = JSON.stringify(statements.map(this.#crossing))
      this.#pending.push({ statements, entries, resolve, reject })
      this.#appends ||= entries.length > 0
      this.#size += text.length
      this.#unposted.push(text)
      if (this.#size > LARGEST) this.#post()
      else this.#postIn(haste)
    })
  }

  /** Refuses new batches, waits for those that were accepted, and resolves when the thread is gone. Idempotent. */
  async close(): Promise<void> {
    if (this.#stopped === undefined) {
      this.#stopped = 'it is closed'
      this.#post()
      this.worker.postMessage(null)
    }
    await this.#exit
  }

  /** Everything that is written in this turn of the event loop crosses in one message, and with it what was not in haste. */
  #postIn(haste: Haste): void {
    if (this.#posting === haste || this.#posting === 'now') return
    this.#posting = haste
    if (haste === 'now') setImmediate(() => this.#post())
    else setTimeout(() => this.#post(), GATHER)
  }

  #post(): void {
    this.#posting = null
    if (this.#unposted.length === 0) return
    // Written here what `Request` says, since the batches are JSON already.
    const [texts, batches] = [JSON.stringify(this.#newTexts), this.#unposted.join(',')]
    const request = `{"texts":${texts},"appends":${this.#appends},"batches":[${batches}]}`
    this.#newTexts = []
    this.#unposted = []
    this.#size = 0
    this.#appends = false
    this.worker.postMessage(request)
  }

  readonly #crossing = (statement: Statement): BatchStatement => {
    let number = this.#numbers.get(statement.sql)
    if (number === undefined) {
      number = this.#numbers.size
      this.#numbers.set(statement.sql, number)
      this.#newTexts.push(statement.sql)
    }
    return crossing(statement, number)
  }

  #settle({ answered, failed, commits, head }: Reply): void {
    this.commits = commits
    this.batches += answered - failed.filter(([, result]) => result.is !== 'nothing').length
    const results = new Map(failed)
    const settled = this.#pending.slice(0, answered)
    this.#pending = this.#pending.slice(answered)
    const appended = settled.flatMap(({ entries }, place) => (results.has(place) ? [] : entries))
    // Before anyone is told that it is written: whoever is, may look.
    if (head !== null && appended.length > 0) this.#onAppended(appended, head)
    for (const [place, pending] of settled.entries()) {
      const result = results.get(place)
      if (result === undefined || result.is === 'done' || result.is === 'nothing') pending.resolve()
      else pending.reject(errorOf(result, pending.statements))
    }
  }

  #stop(why: string): void {
    this.#stopped ??= why
    const left = this.#pending
    this.#pending = []
    this.#unposted = []
    for (const { reject } of left) reject(unavailable(why))
  }
}

/** Milliseconds for which writes that nobody waits for are gathered: together they cost little more than one of them. */
const GATHER = 5
/** Characters of a message, beyond which no further batch joins it. */
const LARGEST = 16 * 1024 * 1024

interface Pending {
  readonly statements: readonly Statement[]
  readonly entries: readonly Entry[]
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

function errorOf(result: Exclude<Result, { is: 'done' | 'nothing' }>, statements: readonly Statement[]): Error {
  switch (result.is) {
    case 'refused': {
      const { sql, one, violations } = statements[result.statement]!
      const refusal = result.constraint === null ? one : violations?.[result.constraint]
      if (refusal !== undefined && refusal !== 'nothingToDo') return fault(refusal.code, refusal.details)
      return new Error(`violated ${result.constraint}: ${sql}`)
    }
    case 'unavailable':
      return unavailable(result.why)
    case 'bug':
      return new Error(result.why)
    default:
      return result satisfies never
  }
}
