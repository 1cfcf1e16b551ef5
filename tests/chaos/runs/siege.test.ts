import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { startedNats } from '../../../apps/castellan/src/adapters/fanout-nats/fixtures/nats-process.ts'
import { freshPostgres } from '../../../apps/castellan/src/adapters/store-sql/testing/fresh-postgres.ts'
import { seed } from '../../support/seed.ts'
import { postgresForTests } from '../../support/services.ts'
import type { RunsReport } from './report.ts'
import { besiegeRuns } from './siege.ts'

/** The long form is `npm run chaos -- --rounds N --seed S`. */
const ROUNDS = 5
const postgres = await postgresForTests()

describe(`runs in ${ROUNDS} rounds of trouble (seed ${seed})`, { concurrency: false }, () => {
  test('all end as they were to, and no unsafe effect happens more often than somebody decided, on the embedded store', async () => {
    wasSiege(await besiegeRuns({ rounds: ROUNDS, seed, ground: { is: 'embedded' } }))
  })

  test('and with two control planes on one PostgreSQL', { skip: postgres.skip }, async () => {
    const { url, drop } = await freshPostgres(postgres.url)
    await using nats = await startedNats()
    try {
      wasSiege(await besiegeRuns({ rounds: ROUNDS, seed, ground: { is: 'postgres', url, nodes: 2, own: null, nats } }))
    } finally {
      await drop()
    }
  })
})

function wasSiege(report: RunsReport): void {
  assert.deepEqual(report.violations, [], report.text())
  assert.ok(report.runs >= ROUNDS && report.moments.size === ROUNDS, report.text())
}
