import assert from 'node:assert/strict'
import { test } from 'node:test'
import { conformanceReport, type Result } from './report.ts'
import type { Score } from './suite.ts'

const passing: Score = { scenario: 'ping', unscored: null, passed: ['ping'], failed: [], warned: [] }
const failing: Score = { ...passing, scenario: 'caching', passed: [], failed: ['ttl'] }

function server(...scores: readonly Score[]): Result {
  return { leg: 'server', revision: '2025-11-25', scores }
}

test('a scenario that is not scored counts for nothing, and the report says why', () => {
  const extra: Score = { ...failing, scenario: 'tasks-lifecycle', unscored: 'extension' }

  const report = conformanceReport([server(passing, failing, extra)], '1.0.0')

  assert.match(report, /^\| server \| 1 of 2 \|/m)
  assert.match(report, /^\| tasks-lifecycle \| \*\*fails\*\* \(1 of 1\) \|  \| extension \|$/m)
})

test('what fails is named check by check, unless it is not supported, in which case there is a reason', () => {
  const dpop: Score = { ...failing, scenario: 'auth/dpop', failed: ['bound-token'] }

  const report = conformanceReport([server(failing, dpop)], '1.0.0')

  assert.match(report, /^- server, 2025-11-25, caching: `ttl`$/m)
  assert.doesNotMatch(report, /`bound-token`/)
  assert.match(report, /grants without a person[^]+Scenarios: auth\/dpop\.$/m)
})

test('a reason disappears with the last scenario it was for', () => {
  const report = conformanceReport([server({ ...passing, scenario: 'auth/dpop' })], '1.0.0')

  assert.doesNotMatch(report, /grants without a person/)
})
