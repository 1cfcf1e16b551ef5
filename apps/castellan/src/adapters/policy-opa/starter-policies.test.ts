import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import {
  parsePolicyTable,
  type PolicyCase,
  type PolicyEngine,
  type PolicyInput,
  runPolicyTable,
} from '../../gate/index.ts'
import { digestJson } from '../../kernel/index.ts'
import { cedarPolicyEngine } from '../policy-cedar/index.ts'
import { type BundlePlace, bundlePlace } from './fixtures/built-bundle.ts'
import { opaBinary } from './fixtures/opa-binary.ts'
import { type RealOpa, realOpa } from './fixtures/real-opa.ts'
import { opaPolicyEngine, opaWasmPolicyEngine } from './index.ts'

const opa = opaBinary()
const folder = fileURLToPath(new URL('../../../policies/', import.meta.url))
const read = (name: string) => readFileSync(join(folder, name), 'utf8')
const starter = read('opa/starter.rego')
const cases = parsePolicyTable('starter.test.yaml', parse(read('starter.test.yaml')))
const neverAborted = new AbortController().signal

describe('the starter policies in Rego', { skip: opa.skip }, () => {
  let server: RealOpa
  let place: BundlePlace
  const engines: Record<string, PolicyEngine> = {}
  before(async () => {
    server = await realOpa(opa.path, { 'starter.rego': starter })
    place = await bundlePlace(opa.path)
    await place.build({ 'starter.rego': starter }, ['castellan'])
    const timeout = 5_000
    engines['opa'] = opaPolicyEngine({ url: server.url, path: 'castellan', timeout, failOpen: false })
    engines['opa-wasm'] = opaWasmPolicyEngine({ bundle: place.path, path: 'castellan', timeout, memory: 67_108_864 })
  })
  after(async () => {
    for (const engine of Object.values(engines)) await engine.close()
    await server[Symbol.asyncDispose]()
    await place[Symbol.asyncDispose]()
  })

  test('pass their own tests and the strict check, and are formatted', () => {
    execFileSync(opa.path, ['check', '--strict', join(folder, 'opa')])
    execFileSync(opa.path, ['test', join(folder, 'opa')])
    assert.equal(execFileSync(opa.path, ['fmt', '--list', join(folder, 'opa')], { encoding: 'utf8' }), '')
  })

  for (const name of ['opa', 'opa-wasm']) {
    test(`say on ${name} to every call of the table what it expects, for the same reason`, async () => {
      const results = await runPolicyTable(engines[name]!, 'default', cases, neverAborted)
      assert.deepEqual(
        results.filter(({ passed }) => !passed),
        [],
      )
    })
  }

  test('say to every call there is what those in Cedar say', async () => {
    const cedar = cedarPolicyEngine()
    const files = { 'starter.cedar': read('starter.cedar') }
    cedar.load({ tenant: 'default', files, digest: digestJson(files), version: 1 })
    let allowed = 0
    for (const input of everything(cases[0]!)) {
      const [one, other] = await Promise.all(
        [cedar, engines['opa-wasm']!].map(each => each.decide(input, neverAborted)),
      )
      assert.equal(other!.allow, one!.allow, JSON.stringify(input))
      const named = one!.reasons.map(reason => reason.replace('starter.cedar#', ''))
      assert.deepEqual(other!.reasons, named, JSON.stringify(input))
      if (one!.allow) allowed++
    }
    assert.ok(allowed > 100)
  })

  test('suggest ways to go on that are valid, too', t => {
    const scratch = mkdtempSync(join(tmpdir(), 'castellan-rego-'))
    t.after(() => rmSync(scratch, { recursive: true }))
    const suggested = starter
      .split('\n')
      .filter(line => line.startsWith('#   '))
      .map(line => line.slice('#   '.length))
    assert.ok(suggested.length > 10)
    writeFileSync(join(scratch, 'starter.rego'), starter)
    writeFileSync(join(scratch, 'suggested.rego'), ['package castellan', ...suggested].join('\n'))
    execFileSync(opa.path, ['check', '--strict', scratch])
  })
})

const kinds: readonly PolicyInput['principal']['kind'][] = ['user', 'agent', 'service', 'site']
const roles: readonly PolicyInput['principal']['roles'][] = [
  [],
  ['member'],
  ['operator'],
  ['admin', 'auditor'],
  ['admin', 'auditor', 'operator', 'member'],
]
const methods: readonly PolicyInput['method'][] = [
  ...(['tools/call', 'tasks/get', 'tasks/update', 'tasks/cancel'] as const),
  ...(['resources/read', 'resources/subscribe', 'prompts/get', 'completion/complete'] as const),
]
const effects: readonly PolicyInput['capability']['effect'][] = ['read', 'idempotent', 'unsafe']

/** Every call that differs in what policies usually look at. */
function* everything({ input }: PolicyCase): Generator<PolicyInput> {
  for (const kind of kinds)
    for (const held of roles)
      for (const method of methods)
        for (const effect of effects)
          for (const flag of [true, false])
            yield {
              ...input,
              tenant: 'default',
              principal: { ...input.principal, kind, roles: held },
              method,
              capability: { ...input.capability, effect, openWorld: flag, trusted: !flag },
              dryRun: flag,
            }
}
