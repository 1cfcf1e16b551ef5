import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gradeOf, type Severity } from './finding.ts'

const grade = (...severities: Severity[]) => gradeOf(severities.map(severity => ({ severity })))

test('nothing found is the best grade, and advice alone keeps it', () => {
  assert.deepEqual(grade(), { points: 100, grade: 'A' })
  assert.equal(grade(...Array<Severity>(50).fill('advice')).grade, 'A')
})

test('a warning is never better than B, and many are worse', () => {
  assert.equal(grade('warning').grade, 'B')
  assert.equal(grade('warning', 'warning', 'warning', 'advice').grade, 'C')
  assert.equal(grade(...Array<Severity>(50).fill('warning')).grade, 'D')
})

test('something critical is an F, whatever else is good', () => {
  assert.equal(grade('critical').grade, 'F')
  assert.deepEqual(grade('critical', 'critical', 'critical'), { points: 0, grade: 'F' })
})
