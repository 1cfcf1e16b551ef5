import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { killFirstStart } from './first-start.ts'
import { randomFrom } from '../support/random.ts'
import { seed } from '../support/seed.ts'
import type { Report } from './report.ts'
import { besiege } from './siege.ts'

/** The long form is `npm run chaos -- --rounds N --seed S`. */
const ROUNDS = 11

describe(`a control plane killed ${ROUNDS} times at work (seed ${seed})`, { concurrency: false }, () => {
  let report: Report
  before(async () => {
    report = await besiege({ rounds: ROUNDS, seed })
  })

  test('keeps what it acknowledged, never repeats an unsafe effect, and leaves no process', () => {
    assert.deepEqual(report.violations, [], report.text())
  })

  test('was at work when it was killed', () => {
    assert.ok((report.told.get('unsafe ok') ?? 0) >= ROUNDS, report.text())
    assert.ok(report.writes >= ROUNDS && report.swept > 0 && report.repeats > 0, report.text())
  })
})

test(`a control plane killed in its first start comes up as if it had not been (seed ${seed})`, async () => {
  const random = randomFrom(seed)
  for (let time = 0; time < 2; time++) assert.deepEqual(await killFirstStart(random), [])
})
