import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type CpuProfile, profileTables, spentBy } from './profile.ts'

/** main calls work, work calls work again, and now and then there is nothing to do. */
const profile: CpuProfile = {
  nodes: [
    { id: 1, callFrame: { functionName: '(root)', url: '', lineNumber: -1 }, children: [2, 5] },
    { id: 2, callFrame: { functionName: 'main', url: '', lineNumber: 0 }, children: [3] },
    { id: 3, callFrame: { functionName: 'work', url: '', lineNumber: 4 }, children: [4] },
    { id: 4, callFrame: { functionName: 'work', url: '', lineNumber: 4 } },
    { id: 5, callFrame: { functionName: '(idle)', url: '', lineNumber: -1 } },
  ],
  startTime: 1_000,
  samples: [2, 3, 4, 5, 2],
  timeDeltas: [10, 20, 30, 100, 140],
}
const always = { from: 0, to: Number.POSITIVE_INFINITY }
const byName = (node: CpuProfile['nodes'][number]) => node.callFrame.functionName

test('time is that of the function itself and that of all it called, and recursion counts once', () => {
  const spent = spentBy(profile, always, byName)
  assert.deepEqual(
    spent.find(({ what }) => what === 'main'),
    { what: 'main', self: 150, total: 200 },
  )
  assert.deepEqual(
    spent.find(({ what }) => what === 'work'),
    { what: 'work', self: 50, total: 50 },
  )
})

test('samples outside of the window do not count', () => {
  const spent = spentBy(profile, { from: 1_025, to: 1_100 }, byName)
  assert.equal(spent.find(({ what }) => what === 'main')?.self, 0)
  assert.equal(spent.find(({ what }) => what === 'work')?.self, 50)
})

test('shares are of the time that was not idle, and times are per call', () => {
  const [functions] = profileTables([profile], always, 10)
  assert.deepEqual(functions?.rows, [
    [15, 75, 20, 100, 'main'],
    [5, 25, 5, 25, 'work'],
  ])
})

test('a thread that did nothing in the window is left out', () => {
  assert.deepEqual(profileTables([profile], { from: 0, to: 1 }, 1), [])
})
