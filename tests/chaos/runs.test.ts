import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { freshPostgres } from '../../apps/castellan/src/adapters/store-sql/testing/fresh-postgres.ts'
import { postgresForTests } from '../support/services.ts'
import { besiegeRuns } from './runs-siege.ts'

/** The long form is `npm run chaos -- --rounds N --seed S`. */
const ROUNDS = 3
const seed = Date.now() % 1_000_000
const postgres = await postgresForTests()

describe(`runs whose control planes are killed ${ROUNDS} times at work (seed ${seed})`, { concurrency: false }, () => {
  test('all end, and no unsafe effect happens more often than somebody decided, on the embedded store', async () => {
    const report = await besiegeRuns({ rounds: ROUNDS, seed, nodes: 1, database: null })
    assert.deepEqual(report.violations, [], JSON.stringify(report))
    assert.ok(report.kills >= ROUNDS && report.runs >= 2 * ROUNDS, JSON.stringify(report))
  })

  test('and with two of them on one PostgreSQL', { skip: postgres.skip }, async () => {
    const { url, drop } = await freshPostgres(postgres.url)
    try {
      const report = await besiegeRuns({ rounds: ROUNDS, seed, nodes: 2, database: url })
      assert.deepEqual(report.violations, [], JSON.stringify(report))
      assert.ok(report.kills >= ROUNDS && report.runs >= 2 * ROUNDS, JSON.stringify(report))
    } finally {
      await drop()
    }
  })
})
