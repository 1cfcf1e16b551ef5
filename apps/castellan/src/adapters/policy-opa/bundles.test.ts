import assert from 'node:assert/strict'
import { readFile, rm } from 'node:fs/promises'
import { describe, test } from 'node:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import type { Decision, PolicyEngine } from '../../gate/index.ts'
import { type BundlePlace, bundlePlace } from './fixtures/built-bundle.ts'
import { opaBinary } from './fixtures/opa-binary.ts'
import { type OpaWasmOptions, opaWasmPolicyEngine } from './opa-wasm-policy-engine.ts'
import { probeInput } from './probe-input.ts'
import { untar } from './untar.ts'

const opa = opaBinary()
const neverAborted = new AbortController().signal
const MIB = 1_048_576

const says = (allow: boolean) => ({ 'a.rego': `package castellan\n\nallow := ${allow}\n` })

describe('a bundle of compiled policies', { skip: opa.skip }, () => {
  test('decides with its data, and its revision is known', async () => {
    await using place = await bundlePlace(opa.path)
    const rules = { 'a.rego': 'package castellan\n\nallow if input.tenant in data.good\n' }
    await place.build({ ...rules, 'data.json': '{"good": ["acme"]}' }, ['castellan/allow'], '--revision', 'r1')
    await withEngine(place, { path: 'castellan/allow' }, async (decide, engine) => {
      // Undefined for the tenant of the trial, so it is not even put in force.
      assert.match((await decide()).reasons.join(), /does not decide at castellan\/allow/)
      const better = { 'a.rego': `${rules['a.rego']}default allow := false\n` }
      await place.build({ ...better, 'data.json': '{"good": ["acme"]}' }, ['castellan/allow'], '--revision', 'r1')
      assert.equal(await engine.trouble('acme', neverAborted), null)
      assert.deepEqual([(await decide('acme')).allow, (await decide('acme')).revision], [true, 'r1'])
      assert.equal((await decide('other')).allow, false)
    })
  })

  test('may be a bare module', async () => {
    await using place = await bundlePlace(opa.path)
    await place.build(says(true), ['castellan'])
    await place.put(untar(gunzipSync(await readFile(place.path))).get('policy.wasm')!)
    await withEngine(place, {}, async decide => assert.equal((await decide()).allow, true))
  })

  test('that is not there denies everything, and is found when it comes', async () => {
    await using place = await bundlePlace(opa.path)
    await withEngine(place, {}, async decide => {
      const decision = await decide()
      assert.equal(decision.allow, false)
      assert.match(decision.reasons.join(), /no bundle is in force: cannot be read \(ENOENT\)/)
      await place.build(says(true), ['castellan'])
      await until(decide, ({ allow }) => allow)
    })
  })

  test('that changed is in force without a restart', async () => {
    await using place = await bundlePlace(opa.path)
    await place.build(says(true), ['castellan'])
    await withEngine(place, {}, async decide => {
      const before = await decide()
      assert.equal(before.allow, true)
      await place.build(says(false), ['castellan'])
      const after = await until(decide, ({ allow }) => !allow)
      assert.notEqual(after.policyDigest, before.policyDigest)
    })
  })

  test('that is no good never replaces one that is', async () => {
    await using place = await bundlePlace(opa.path)
    await place.build(says(true), ['castellan'])
    const good = await readFile(place.path)
    const refused: string[] = []
    await withEngine(place, { onRefused: why => refused.push(why) }, async (decide, engine) => {
      const { policyDigest } = await decide()
      const bad: [Uint8Array | string, RegExp][] = [
        ['', /neither a \.tar\.gz nor a \.wasm/],
        ['garbage', /neither a \.tar\.gz nor a \.wasm/],
        [good.subarray(0, good.length / 2), /neither a \.tar\.gz/],
        [gzipSync('no archive '.repeat(100)), /is no tar archive/],
        [gzipSync(''), /has no policy\.wasm/],
        [gzipSync(Buffer.alloc(300 * MIB)), /too large/],
        ['\0asm\u0001\0\0\0', /cannot be loaded \(it is no compiled policy\)/],
        ['\0asmgarbage', /cannot be loaded/],
      ]
      for (const [bytes, why] of bad) {
        await place.put(bytes)
        assert.match((await engine.trouble('default', neverAborted))!, why)
        assert.match((await engine.trouble('default', neverAborted))!, /; the one before it decides$/)
        const decision = await decide()
        assert.deepEqual([decision.allow, decision.policyDigest], [true, policyDigest])
      }
      assert.equal(refused.length, bad.length, 'each was told of once')
      await rm(place.path)
      assert.equal((await decide()).allow, true)
      await place.build(says(false), ['castellan'])
      await until(decide, ({ allow }) => !allow)
    })
  })

  for (const [what, rego, why] of [
    ['has no such decision', 'package other\n\nallow := true\n', /has no entrypoint castellan/],
    [
      'contradicts itself',
      'package castellan\n\nallow := true if input.via\nallow := false if input.via\n',
      /in an error/,
    ],
    ['needs what is not there', 'package castellan\n\nallow if time.now_ns() > 0\n', /built-in function time\.now_ns/],
  ] as const) {
    test(`that ${what} is refused`, async () => {
      await using place = await bundlePlace(opa.path)
      await place.build({ 'a.rego': rego }, [rego.startsWith('package other') ? 'other' : 'castellan'])
      await withEngine(place, {}, async decide => {
        const { allow, reasons } = await decide()
        assert.equal(allow, false)
        assert.match(reasons.join(), why)
      })
    })
  }

  test('that needs more memory than it may have denies, and decides the next question', async () => {
    await using place = await bundlePlace(opa.path)
    await place.build(hungry, ['castellan'])
    await withEngine(place, { memory: 4 * MIB, timeout: 20_000 }, async decide => {
      assert.equal((await decide('default', 10)).allow, true)
      for (let round = 0; round < 3; round++) {
        const { allow, reasons } = await decide('default', 1_000_000)
        assert.equal(allow, false)
        assert.match(reasons.join(), /broken off|in an error/)
        assert.equal((await decide('default', 10)).allow, true)
      }
    })
  })

  test('that takes too long denies in time, and holds up nobody else', async () => {
    await using place = await bundlePlace(opa.path)
    await place.build(slow, ['castellan'])
    await withEngine(place, { memory: 1_024 * MIB, timeout: 1_000 }, async decide => {
      await until(
        () => decide('default', 10),
        decision => decision.allow,
      )
      const started = performance.now()
      let turns = 0
      const turning = setInterval(() => turns++, 5)
      const { allow, reasons } = await decide('default', 30_000)
      clearInterval(turning)
      assert.equal(allow, false)
      assert.match(reasons.join(), /no answer within 1s/)
      assert.ok(performance.now() - started < 10_000)
      assert.ok(turns > 10, 'this thread went on')
      await until(
        () => decide('default', 10),
        decision => decision.allow,
      )
    })
  })

  test('is not asked any more once the engine is closed', async () => {
    await using place = await bundlePlace(opa.path)
    await place.build(says(true), ['castellan'])
    const engine = opaWasmPolicyEngine({ bundle: place.path, path: 'castellan', timeout: 1_000, memory: 64 * MIB })
    const waiting = engine.decide(probeInput('default'), neverAborted)
    await engine.close()
    await engine.close()
    await waiting
    assert.equal((await engine.decide(probeInput('default'), neverAborted)).allow, false)
  })
})

test('an archive that lies about its sizes is refused', async () => {
  const header = Buffer.alloc(512)
  header.write('policy.wasm')
  header.write('ustar', 257)
  for (const [size, why] of [
    ['77777777777', /is no tar archive/],
    ['7777', /is cut off/],
    ['-1', /is no tar archive/],
    ['', /is no tar archive/],
  ] as const) {
    header.fill(0, 124, 136).write(size, 124)
    assert.throws(() => untar(Buffer.concat([header, Buffer.alloc(512)])), why)
  }
})

const hungry = {
  'a.rego': `package castellan

allow if count([n | some n in numbers.range(1, input.args.n)]) >= 0
`,
}

const slow = {
  'a.rego': `package castellan

allow if {
	some_numbers := numbers.range(1, input.args.n)
	count([1 | some x in some_numbers; some y in some_numbers; x * y == 7]) >= 0
}
`,
}

type Decide = (tenant?: string, n?: number) => Promise<Decision>

async function withEngine(
  place: BundlePlace,
  options: Partial<OpaWasmOptions>,
  use: (decide: Decide, engine: PolicyEngine) => Promise<void>,
): Promise<void> {
  const engine = opaWasmPolicyEngine({
    bundle: place.path,
    path: 'castellan',
    timeout: 5_000,
    memory: 64 * MIB,
    lookEvery: 0,
    ...options,
  })
  try {
    await use(
      (tenant = 'default', n = 1) => engine.decide({ ...probeInput(tenant), args: { n } }, neverAborted),
      engine,
    )
  } finally {
    await engine.close()
  }
}

/** Asks until it is so. */
async function until(decide: () => Promise<Decision>, isSo: (decision: Decision) => boolean): Promise<Decision> {
  const end = performance.now() + 10_000
  for (;;) {
    const decision = await decide()
    if (isSo(decision)) return decision
    assert.ok(performance.now() < end, decision.reasons.join())
  }
}
