import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventually } from '../../gate/connector.testsuite.ts'
import { calmed } from './calm-events.ts'

test('the first news is told at once, and a flood of the same once more', async () => {
  const told: string[] = []
  const { onListChanged, onResourceUpdated } = calmed({
    onListChanged: list => told.push(list),
    onResourceUpdated: uri => told.push(uri),
  })

  for (let round = 0; round < 1_000; round++) {
    onListChanged('tools')
    onResourceUpdated?.('file:///a')
  }

  assert.deepEqual(told, ['tools', 'file:///a'])
  await eventually('what came later is told, too', async () => told.length >= 4)
  assert.deepEqual(told, ['tools', 'file:///a', 'tools', 'file:///a'])
})

test('news of ever more resources, and ever more lines, are bounded', () => {
  const told: string[] = []
  const { onResourceUpdated, onLog } = calmed({
    onListChanged: () => {},
    onResourceUpdated: uri => told.push(uri),
    onLog: line => told.push(line),
  })

  for (let round = 0; round < 10_000; round++) onResourceUpdated?.(`file:///${round}`)
  for (let round = 0; round < 10_000; round++) onLog?.(`line ${round}`)

  assert.ok(told.length < 5_000, `${told.length} were told`)
  assert.equal(told.filter(line => /is dropped/.test(line)).length, 1)
})
