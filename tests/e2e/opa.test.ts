import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fixturePath } from '../../apps/castellan/src/adapters/connector-mcp/fixtures/stdio-target.ts'
import { bundlePlace } from '../../apps/castellan/src/adapters/policy-opa/fixtures/built-bundle.ts'
import { opaBinary } from '../../apps/castellan/src/adapters/policy-opa/fixtures/opa-binary.ts'
import { type RealOpa, realOpa } from '../../apps/castellan/src/adapters/policy-opa/fixtures/real-opa.ts'
import { run } from '../../apps/castellan/src/cli/fixtures/run.ts'
import { type ControlPlane, controlPlane, until } from '../support/control-plane.ts'

const opa = opaBinary()

/** Everything but what is written under a name that begins with "no". */
const policies = {
  'house.rego': `package castellan

default allow := false

allow if not startswith(input.args.id, "no")

reasons contains "not that one" if not allow

obligations := {"dry_run": true} if startswith(input.args.id, "try")
`,
}

describe('a control plane that asks OPA', { skip: opa.skip }, () => {
  test('allows and denies as OPA says, denies everything without it, and finds it again by itself', async () => {
    await using server = await realOpa(opa.path, policies, ['--set', 'decision_logs.console=true'])
    await using house = await openHouse(server, { policyEngines: 'opa' })

    const allowed = await house.write('yes-1')
    const denied = await house.write('no-1')
    await server.kill()
    const alone = await Promise.all(['yes-2', 'yes-3', 'yes-4'].map(house.write))
    await server.again()
    const again = await house.write('yes-5')

    assert.deepEqual([allowed.outcome, denied.outcome, again.outcome], ['ok', 'denied_policy', 'ok'])
    assert.deepEqual(
      alone.map(({ outcome }) => outcome),
      ['denied_policy', 'denied_policy', 'denied_policy'],
    )
    assert.deepEqual(house.written(), ['yes-1', 'yes-5'])
    const [decision] = await house.decisions(denied.call_id)
    assert.match(String(decision!['decision_id']), /^[0-9a-f-]{36}$/)
    assert.deepEqual([decision!['engine'], decision!['allow'], decision!['reasons']], ['opa', false, ['not that one']])
    const [missing] = await house.decisions(alone[0]!.call_id)
    assert.match(String(missing!['reasons']), /^OPA: the connection was/)
  })

  test('runs nothing that OPA wants to see only judged', async () => {
    await using server = await realOpa(opa.path, policies)
    await using house = await openHouse(server, { policyEngines: 'opa' })
    const tried = await house.write('try-1')
    assert.equal(tried.outcome, 'dry_run')
    assert.deepEqual(house.written(), [])
    const [decision] = await house.decisions(tried.call_id)
    assert.deepEqual(decision!['obligations'], ['dry_run'])
  })

  test('and Cedar allows only what both allow', async () => {
    await using server = await realOpa(opa.path, policies)
    await using house = await openHouse(server, { policyEngines: 'cedar,opa' })
    const put = (text: string) => house.castellan.ask('PUT', '/api/policies', { files: { 'house.cedar': text } })
    await put('permit (principal, action, resource) when { resource.effect == Effect::"read" };')
    const refused = await house.write('yes-1')
    assert.equal(refused.outcome, 'denied_policy')
    const both = await house.decisions(refused.call_id)
    assert.deepEqual(
      both.map(({ engine, allow }) => [engine, allow]),
      [
        ['cedar', false],
        ['opa', true],
      ],
    )
    await put('permit (principal, action, resource);')
    assert.equal((await house.write('yes-2')).outcome, 'ok')
    assert.equal((await house.write('no-2')).outcome, 'denied_policy')
  })

  test('takes no policy files that nobody would ask, and does not miss them', async () => {
    await using server = await realOpa(opa.path, policies)
    await using house = await openHouse(server, { policyEngines: 'opa' })
    const { castellan } = house
    const files = { 'open.cedar': 'permit (principal, action, resource);' }
    const problem = await castellan.ask<{ detail: string }>('PUT', '/api/policies', { files }, 400)
    assert.match(problem.detail, /nobody here asks policy files: opa decides/)
    await castellan.ask('POST', '/api/tenants', { id: 'acme' })
    await castellan.ask('GET', '/api/policies', undefined, 404)
    const { out } = await doctor(castellan)
    assert.doesNotMatch(out, /has no policies/)
  })

  test('shows it a token that is stored with us, from the call on that comes after it was stored', async () => {
    const token = 'the-token-of-this-test'
    const authz = `package system.authz\n\ndefault allow := false\n\nallow if input.identity == "${token}"\n`
    const flags = ['--authentication', 'token', '--authorization', 'basic']
    await using server = await realOpa(opa.path, { ...policies, 'authz.rego': authz }, flags)
    await using house = await openHouse(server, { policyEngines: 'opa', policyOpaToken: 'secret:opa-token' })
    const early = await house.write('yes-1')
    await house.castellan.ask('PUT', '/api/secrets/opa-token', { value: token })
    const late = await house.write('yes-2')
    assert.deepEqual([early.outcome, late.outcome], ['denied_policy', 'ok'])
    assert.deepEqual((await house.decisions(early.call_id))[0]!['reasons'], ['OPA: the token for it cannot be read'])
    assert.ok(!house.castellan.log.join().includes(token))
  })

  test('and fails open says so in every decision, and in red', async () => {
    await using server = await realOpa(opa.path, policies)
    await using house = await openHouse(server, { policyEngines: 'opa', policyOpaFailOpen: 'true' })
    assert.equal((await house.write('no-1')).outcome, 'denied_policy')
    const well = await doctor(house.castellan)
    assert.match(well.out, /^\u001b\[31mwarning {3}FAIL OPEN: every call is allowed by opa/m)
    assert.doesNotMatch(well.out, /has trouble/)

    await server.kill()
    const slipped = await house.write('no-2')

    assert.equal(slipped.outcome, 'ok')
    const [decision] = await house.decisions(slipped.call_id)
    assert.match(String(decision!['reasons']), /^opa-fail-open: the connection was/)
    const ill = await doctor(house.castellan)
    assert.match(ill.out, /^\u001b\[1;31mcritical {2}the policy engine opa has trouble: the connection was/m)
  })
})

test('policies compiled to WebAssembly decide without an OPA', { skip: opa.skip }, async () => {
  await using place = await bundlePlace(opa.path)
  await place.build(policies, ['castellan'], '--revision', 'r1')
  await using house = await openHouse(null, { policyEngines: 'opa-wasm', policyOpaWasmBundle: place.path })
  assert.equal((await house.write('yes-1')).outcome, 'ok')
  const denied = await house.write('no-1')
  assert.equal(denied.outcome, 'denied_policy')
  assert.deepEqual(house.written(), ['yes-1'])
  const [decision] = await house.decisions(denied.call_id)
  assert.equal(decision!['revision'], 'r1')
  assert.match(String(decision!['digest']), /^sha256:/)
  await place.put('no bundle')
  assert.equal((await house.write('yes-2')).outcome, 'ok')
  const { out } = await doctor(house.castellan)
  assert.match(out, /opa-wasm has trouble: the bundle is neither.*; the one before it decides/)
})

interface Answered {
  readonly call_id: string
  /** Or the code of the refusal. */
  readonly outcome: string
}

interface House extends AsyncDisposable {
  readonly castellan: ControlPlane
  /** Calls the tool that writes a line. */
  write(id: string): Promise<Answered>
  /** The lines that were really written. */
  written(): string[]
  /** What each engine said to a call, as the journal has it. */
  decisions(callId: string): Promise<Readonly<Record<string, unknown>>[]>
}

/** A control plane with a server whose one effect can be counted. */
async function openHouse(server: RealOpa | null, flags: Readonly<Record<string, string>>): Promise<House> {
  const asked: Record<string, string> = server ? { policyOpaUrl: server.url, policyOpaTimeout: '2s' } : {}
  const castellan = await controlPlane({ ...asked, ...flags })
  const file = join(castellan.folder, 'ledger')
  await castellan.ask('POST', '/api/mcp-servers', {
    name: 'ledger',
    transport: 'stdio',
    command: process.execPath,
    args: [fixturePath('ledger-server.ts'), 'stdio', file],
  })
  return {
    castellan,
    async write(id) {
      const response = await fetch(`${castellan.url}/api/calls`, {
        method: 'POST',
        headers: { authorization: `Bearer ${castellan.key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ name: 'ledger__add', args: { id } }),
      })
      const { outcome, code, call_id } = (await response.json()) as Record<string, string>
      return { call_id: call_id!, outcome: outcome ?? code! }
    },
    written: () => (existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []),
    async decisions(callId) {
      // What was refused is written behind, so it may come a moment after the answer.
      const response = await until(
        'the record',
        () => fetch(`${castellan.url}/api/calls/${callId}`, { headers: { authorization: `Bearer ${castellan.key}` } }),
        ({ status }) => status === 200,
      )
      const { entries } = (await response.json()) as { entries: { data: { policy: Record<string, unknown>[] } }[] }
      return entries[0]!.data.policy
    },
    [Symbol.asyncDispose]: () => castellan[Symbol.asyncDispose](),
  }
}

function doctor({ url, key, folder }: ControlPlane) {
  return run(['doctor', '--url', url, '--key', key, '--data', folder], { screen: true })
}
