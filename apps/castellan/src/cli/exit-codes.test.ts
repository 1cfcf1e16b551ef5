import assert from 'node:assert/strict'
import { test } from 'node:test'
import { callAnswer } from '@castellan/contracts'
import { denialSentences } from '../gate/index.ts'
import { exitCodeOfOutcome, exitCodeOfStatus, exitCodes } from './exit-codes.ts'

test('only a call that ran well, or was deliberately not run, ends with 0', () => {
  const good = callAnswer.shape.outcome.options.filter(outcome => exitCodeOfOutcome(outcome) === exitCodes.ok)
  assert.deepEqual(good, ['ok', 'dry_run'])
})

test('a call whose end was never seen has a code of its own', () => {
  const others = callAnswer.shape.outcome.options.filter(outcome => outcome !== 'indeterminate')
  assert.equal(exitCodeOfOutcome('indeterminate'), exitCodes.indeterminate)
  assert.ok(others.every(outcome => exitCodeOfOutcome(outcome) !== exitCodes.indeterminate))
})

test('every denial ends with the code for denials', () => {
  for (const code of Object.keys(denialSentences)) assert.equal(exitCodeOfOutcome(code), exitCodes.denied)
})

test('HTTP statuses mean what the kinds of faults behind them mean', () => {
  const codes = [400, 401, 403, 404, 409, 413, 415, 429, 499, 500, 503, 504].map(exitCodeOfStatus)
  assert.deepEqual(codes, [2, 3, 3, 4, 4, 2, 2, 5, 130, 1, 5, 5])
})
