import assert from 'node:assert/strict'
import { test } from 'node:test'
import { freshPostgres } from '../../../apps/castellan/src/adapters/store-sql/testing/fresh-postgres.ts'
import { postgresForTests } from '../../support/services.ts'
import { rollingRestart } from './rolling.ts'

const seed = Date.now() % 1_000_000
const postgres = await postgresForTests()

test(
  `no run fails and no call is made twice while three control planes are restarted one after the other (seed ${seed})`,
  {
    skip: postgres.skip,
  },
  async () => {
    const { url, drop } = await freshPostgres(postgres.url)
    try {
      const report = await rollingRestart({ rounds: 3, seed, database: url })
      assert.deepEqual(report.violations, [], JSON.stringify(report))
      assert.equal(report.runs, 18)
    } finally {
      await drop()
    }
  },
)
