import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock as clock } from '../../../kernel/index.ts'
import { openSqlite } from '../index.ts'
import { startChild } from '../testing/child.ts'
import { wholeJournal } from '../testing/journal-facts.ts'
import { temporaryFolder } from '../testing/temporary-folder.ts'

// The long form: CASTELLAN_KILL_ROUNDS=200.
const rounds = Number(process.env['CASTELLAN_KILL_ROUNDS'] ?? 4)

test(`kill -9 in a write storm loses no acknowledged entry (${rounds} rounds on one folder)`, async () => {
  using folder = temporaryFolder()
  const acknowledged = new Set<string>()
  for (let round = 1; round <= rounds; round++) {
    await using storm = startChild('write-storm.ts', ['sqlite', folder.path, '1e9'])
    await storm.printed(1 + Math.floor(Math.random() * 2_000))
    storm.kill()
    assert.equal(await storm.ended, null)
    for (const id of storm.lines) acknowledged.add(id)

    const opening = performance.now()
    await using stores = await openSqlite({ folder: folder.path, clock })
    assert.ok(performance.now() - opening < 2_000)
    const kept = new Set((await wholeJournal(stores.journal)).map(({ id }) => id))
    assert.deepEqual(acknowledged.difference(kept), new Set())
  }
  assert.ok(acknowledged.size >= rounds)
})
