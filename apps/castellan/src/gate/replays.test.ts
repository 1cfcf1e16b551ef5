import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../kernel/index.ts'
import type { DecisionLog } from './decision-log.ts'
import { openGate } from './fixtures/open-gate.ts'
import type { BundleHolder, Judge } from './policy-engine.ts'
import { type Begun, Replays } from './replays.ts'

const everything = { 'all.cedar': '@id("all") permit (principal, action, resource);' }
const wish = { tenant: 'default', since: new Date(0), until: new Date('2100-01-01') }
const nothing: DecisionLog = { judged: async () => [], judgedCall: async () => undefined }

async function stepsOf({ steps }: Begun): Promise<string[]> {
  const seen: string[] = []
  for await (const step of steps) seen.push(step.is)
  return seen
}

test('a few replays run at a time, and the next is told to wait', async () => {
  await using gate = await openGate({ tools: [] })
  const replays = new Replays({ rules: gate.rules, bundles: null, log: nothing, clock: systemClock })
  const { promise: held, resolve: release } = Promise.withResolvers<void>()
  const signal = new AbortController().signal
  const run = (use: (begun: Begun) => Promise<void>) => replays.run({ files: everything }, wish, signal, use)
  const waiting = [run(() => held), run(() => held)]
  await assert.rejects(
    run(async () => undefined),
    { code: 'REPLAY_LIMIT', message: /2 replays under way/ },
  )
  release()
  await Promise.all(waiting)
  await assert.rejects(
    run(() => Promise.reject(new Error('gone'))),
    /gone/,
  )
  await assert.rejects(
    replays.run({ files: { 'a.cedar': 'nonsense' } }, wish, signal, async () => undefined),
    {
      code: 'POLICY_INVALID',
    },
  )
  // Neither of them keeps its place.
  let seen: string[] = []
  await Promise.all([run(() => Promise.resolve()), run(async begun => void (seen = await stepsOf(begun)))])
  assert.deepEqual(seen, ['end'])
})

test('a bundle is tried where one decides, and whoever judges is let go of whatever happens', async () => {
  await using gate = await openGate({ tools: [] })
  const closed: string[] = []
  const judge = (digest: string): Judge => ({
    engine: 'opa-wasm',
    digest,
    reads: 'all',
    decide: async () => ({ allow: true, reasons: [], policyDigest: digest }),
    close: async () => void closed.push(digest),
  })
  const bundles: BundleHolder = {
    rehearse: async bytes => ({ candidate: judge(`tried ${bytes.length}`), inForce: judge('in force') }),
  }
  const parts = { rules: gate.rules, log: nothing, clock: systemClock }
  const bundle = new Uint8Array(7)
  const signal = new AbortController().signal
  let digests: unknown
  const failing = new Replays({ ...parts, bundles }).run({ bundle }, wish, signal, async begun => {
    digests = begun.digests
    throw new Error('gone')
  })
  await assert.rejects(failing, /gone/)
  assert.deepEqual(
    [digests, closed.toSorted()],
    [{ candidate: 'tried 7', inForce: 'in force' }, ['in force', 'tried 7']],
  )
  await assert.rejects(
    new Replays({ ...parts, bundles: null }).run({ bundle }, wish, signal, async () => undefined),
    { code: 'REQUEST_INVALID', message: /no engine here decides by a bundle/ },
  )
})

test('a hundred thousand calls are tried in the memory of a few', async () => {
  await using gate = await openGate({ tools: [] })
  await gate.rules.putPolicies(everything, gate.actor)
  let made = 0
  const many: DecisionLog = {
    ...nothing,
    judged: async (tenant, _, __, limit) =>
      Array.from({ length: Math.min(limit, 100_000 - made) }, () => ({
        id: `call ${made++}`,
        tenant,
        principal: `p${made % 3_000}`,
        at: '2026-01-01T00:00:00.000Z',
        outcome: 'ok',
        data: {
          capability: 'read',
          effect: 'read',
          method: 'tools/call',
          open_world: false,
          policy: [{ allow: true, digest: 'other', engine: 'cedar', reasons: [] }],
          policy_input: { dry_run: false, kind: 'user', name: 'ann', roles: ['member'], trusted: true },
          server: 'files',
          via: 'mcp',
        },
        args: { text: `${made} `.repeat(50) },
      })),
  }
  const replays = new Replays({ rules: gate.rules, bundles: null, log: many, clock: systemClock })
  globalThis.gc?.()
  const before = process.memoryUsage().heapUsed
  let most = 0
  let last: unknown
  await replays.run({ files: { 'none.cedar': '' } }, wish, new AbortController().signal, async ({ steps }) => {
    for await (const step of steps) {
      most = Math.max(most, process.memoryUsage().heapUsed)
      if (step.is === 'end') last = step.replay
    }
  })
  const { calls, changed, changes, beyond } = last as {
    calls: number
    changed: number
    changes: unknown[]
    beyond: number
  }
  assert.deepEqual([calls, changed, changes.length], [100_000, 100_000, 1_000])
  assert.ok(beyond > 60_000, 'lines that are too many are counted, not kept')
  assert.ok(most - before < 150 * 1_048_576, `${(most - before) >> 20} MiB`)
})
