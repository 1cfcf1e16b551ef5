import type { DatabaseSync } from 'node:sqlite'
import type { Batch, Result } from './batch.ts'
import { problemOf } from './sqlite-error.ts'
import { Statements } from './statements.ts'

/** Runs batches on one connection, many in a transaction, so that they share the wait for the disk. */
export class GroupCommit {
  commits = 0
  readonly #db: DatabaseSync
  readonly #statements: Statements

  constructor(db: DatabaseSync) {
    this.#db = db
    this.#statements = new Statements(db)
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
      const results = batches.map(batch => this.#runOne(batch))
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

  #runOne(batch: Batch): Result {
    this.#exec('SAVEPOINT batch')
    const result = this.#runStatements(batch)
    if (result !== undefined) this.#exec('ROLLBACK TO batch')
    this.#exec('RELEASE batch')
    return result ?? done
  }

  /** The reason to undo the batch, if there is one. Throws what ends the whole group. */
  #runStatements(batch: Batch): Result | undefined {
    for (const { sql, values, one, violations } of batch.statements) {
      try {
        const { changes } = this.#statements.get(sql).run(...values)
        if (one && changes !== 1) return one === 'nothingToDo' ? done : { is: 'refused', refusal: one }
      } catch (error) {
        const problem = problemOf(error)
        if (problem.is === 'unavailable') throw error
        if (problem.is !== 'violation') return problem
        const refusal = violations?.[problem.constraint]
        return refusal ? { is: 'refused', refusal } : { is: 'bug', why: `violated ${problem.constraint}: ${sql}` }
      }
    }
    return undefined
  }

  #exec(sql: string): void {
    this.#statements.get(sql).run()
  }
}

const done: Result = { is: 'done' }
