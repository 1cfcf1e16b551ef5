import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { type Batch, crossed, type Result } from './batch.ts'
import { problemOf } from './sqlite-error.ts'
import { Statements } from './statements.ts'

/** Runs batches on one connection, many in a transaction, so that they share the wait for the disk. */
export class GroupCommit {
  commits = 0
  readonly #db: DatabaseSync
  readonly #own: Statements
  readonly #texts: string[] = []
  readonly #prepared: (StatementSync | undefined)[] = []

  constructor(db: DatabaseSync) {
    this.#db = db
    this.#own = new Statements(db)
  }

  /** Gives texts the next numbers. They are prepared when first needed: a text may speak of what another one makes. */
  learn(texts: readonly string[]): void {
    this.#texts.push(...texts)
  }

  /**
   * The result of each batch, in order. A refused batch takes nothing else with it. When the disk fails, each batch of the
   * group is tried once more on its own: one that is too large for the room left must not take the small ones with it.
   */
  run(batches: readonly Batch[]): Result[] {
    let begun = false
    try {
      this.#exec('BEGIN IMMEDIATE')
      begun = true
      const results = this.#runTogether(batches) ?? this.#runApart(batches)
      this.#exec('COMMIT')
      this.commits++
      return results
    } catch (error) {
      // Some errors end the transaction by themselves, some leave it open.
      if (this.#db.isTransaction) this.#exec('ROLLBACK')
      const problem = problemOf(error)
      if (problem.is === 'violation') throw error
      if (begun && problem.is === 'unavailable' && batches.length > 1)
        return batches.flatMap(batch => this.run([batch]))
      return batches.map(() => problem)
    }
  }

  /**
   * Hardly ever is a batch refused, and to be able to undo one alone costs more than to write it. So the whole group is
   * undone, in the transaction it leaves behind as new, when one of its batches must be.
   */
  #runTogether(batches: readonly Batch[]): Result[] | undefined {
    for (const batch of batches) {
      if (this.#runStatements(batch) === undefined) continue
      this.#exec('ROLLBACK')
      this.#exec('BEGIN IMMEDIATE')
      return undefined
    }
    return batches.map(() => done)
  }

  #runApart(batches: readonly Batch[]): Result[] {
    return batches.map(batch => {
      this.#exec('SAVEPOINT batch')
      const result = this.#runStatements(batch)
      if (result !== undefined) this.#exec('ROLLBACK TO batch')
      this.#exec('RELEASE batch')
      return result ?? done
    })
  }

  /** The reason to undo the batch, if there is one. Throws what ends the whole group. */
  #runStatements(batch: Batch): Result | undefined {
    for (let statement = 0; statement < batch.length; statement++) {
      const [text, expects, ...values] = batch[statement]!
      try {
        const { changes } = this.#statement(text).run(...values.map(crossed))
        if (expects === 'any' || changes === 1) continue
        return expects === 'oneOrNothing' ? { is: 'nothing' } : { is: 'refused', statement, constraint: null }
      } catch (error) {
        const problem = problemOf(error)
        if (problem.is === 'unavailable') throw error
        return problem.is === 'violation' ? { is: 'refused', statement, constraint: problem.constraint } : problem
      }
    }
    return undefined
  }

  #statement(text: number): StatementSync {
    return (this.#prepared[text] ??= this.#db.prepare(this.#texts[text]!))
  }

  /** Offset of the newest entry of the journal. */
  get head(): number {
    return (this.#own.get('SELECT coalesce(max("offset"), 0) AS head FROM journal').get() as { head: number }).head
  }

  #exec(sql: string): void {
    this.#own.get(sql).run()
  }
}

const done: Result = { is: 'done' }
