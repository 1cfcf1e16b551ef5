import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ways } from '../stage/ways.ts'
import { callNumbers, callTable, rowOf, type Run } from './call-rows.ts'

const of = { revision: '2026-07-28', payload: 64, concurrency: 8 } as const
const good: Run = {
  calls: 100,
  warmUpCalls: 10,
  errors: 0,
  firstError: null,
  callsPerSecond: 1_000,
  p50: 1,
  p99: 5,
  max: 9,
  ownProcessor: 0.1,
  processorPerCall: 50,
}

test('a row has the medians of its runs and the errors of all of them', () => {
  const runs = [
    good,
    { ...good, callsPerSecond: 900 },
    { ...good, callsPerSecond: 10, errors: 2, firstError: 'status 500' },
  ]
  const row = rowOf(of, 'Castellan', runs)
  assert.equal(row.callsPerSecond, 900)
  assert.deepEqual([row.errors, row.firstError], [2, 'status 500'])
})

test('ours is compared with every other way of the same case', () => {
  const speeds = { direct: 1_000, 'bare hop': 500, 'SDK hop': 100, Castellan: 250 }
  const rows = ways.map(way => rowOf(of, way, [{ ...good, callsPerSecond: speeds[way], p50: 1_000 / speeds[way] }]))
  const numbers = callNumbers('http', rows)
  const name = 'http 2026-07-28 64 B c=8 Castellan'
  assert.deepEqual(
    ['/ direct', '/ bare hop', '/ SDK hop'].map(each => numbers[`${name} ${each}`]),
    [0.25, 0.5, 2.5],
  )
  const { columns, rows: cells } = callTable('Calls', rows)
  assert.equal(cells.at(-1)?.[columns.indexOf('added p50 ms')], 3)
})
