import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import type { PolicyInput } from '../../gate/index.ts'
import { digestBytes, isFault } from '../../kernel/index.ts'
import { type BundlePlace, bundlePlace } from './fixtures/built-bundle.ts'
import { opaBinary } from './fixtures/opa-binary.ts'
import { opaWasmPolicyEngine } from './index.ts'

const opa = opaBinary()
const input: PolicyInput = {
  tenant: 'default',
  principal: { id: 'p', kind: 'user', name: 'ann', roles: ['member'] },
  method: 'tools/call',
  capability: { server: 'files', name: 'read', effect: 'read', openWorld: false, trusted: true },
  args: {},
  labels: [],
  found: [],
  via: 'mcp',
  dryRun: false,
}
const yes = { 'a.rego': 'package castellan\n\ndefault allow := true\n' }
const no = { 'a.rego': 'package castellan\n\ndefault allow := false\n' }

describe('a bundle that is tried', { skip: opa.skip }, () => {
  let place: BundlePlace
  let other: BundlePlace
  let engine: ReturnType<typeof opaWasmPolicyEngine>
  before(async () => {
    ;[place, other] = [await bundlePlace(opa.path), await bundlePlace(opa.path)]
    await place.build(yes, ['castellan'])
    engine = opaWasmPolicyEngine({ bundle: place.path, path: 'castellan', timeout: 5_000, memory: 67_108_864 })
  })
  after(async () => {
    await engine.close()
    for (const each of [place, other]) await each[Symbol.asyncDispose]()
  })
  const signal = new AbortController().signal

  test('decides, while the one in force goes on deciding', async () => {
    await other.build(no, ['castellan'])
    const bytes = await readFile(other.path)
    const { candidate, inForce } = await engine.rehearse(bytes)
    assert.deepEqual([candidate.engine, candidate.reads, candidate.digest], ['opa-wasm', 'all', digestBytes(bytes)])
    assert.equal(inForce.digest, digestBytes(await readFile(place.path)))
    assert.equal((await candidate.decide(input, signal)).allow, false)
    assert.equal((await inForce.decide(input, signal)).allow, true)
    await candidate.close()
    assert.equal((await candidate.decide(input, signal)).allow, false, 'and denies when it is over')
    assert.equal((await engine.decide(input, signal)).allow, true)
  })

  test('is refused when it could not be put in force', async () => {
    await other.build({ 'a.rego': 'package elsewhere\n\ndefault allow := true\n' }, ['elsewhere'])
    for (const bytes of [await readFile(other.path), Buffer.from('nonsense'), new Uint8Array()]) {
      await assert.rejects(engine.rehearse(bytes), error => isFault(error, 'POLICY_INVALID'))
    }
  })
})
