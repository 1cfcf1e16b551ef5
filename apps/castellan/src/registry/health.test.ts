import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fault, manualClock } from '../kernel/index.ts'
import { nextProbeIn, probed, probeFailed, unknownHealth } from './health.ts'

const clock = manualClock()
const down = fault('UPSTREAM_UNREACHABLE', { server: 's', why: 'refused' })

test('one failure is an error, three in a row make a server inactive, one success makes it active again', () => {
  const once = probeFailed(unknownHealth, down, clock)
  const thrice = probeFailed(probeFailed(once, down, clock), down, clock)
  assert.equal(once.status, 'error')
  assert.equal(thrice.status, 'inactive')
  assert.deepEqual(probed(12, clock), {
    status: 'active',
    failures: 0,
    checkedAt: '2026-01-01T00:00:00.000Z',
    latency: 12,
    reason: null,
  })
})

test('the message of a bug is not shown, since it may hold anything', () => {
  assert.doesNotMatch(probeFailed(unknownHealth, new Error('sk-secret'), clock).reason ?? '', /secret/)
})

test('a server that is down is tried again forever, ever more rarely up to four intervals', () => {
  let health = unknownHealth
  for (let failures = 1; failures <= 50; failures++) {
    health = probeFailed(health, down, clock)
    const wait = nextProbeIn(health, 30_000, () => 1)
    assert.equal(wait, Math.min(120_000, 1_000 * 2 ** failures))
  }
})
