import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { type Config, loadConfig } from '../../config/index.ts'
import { examineMachine } from './machine.ts'

const NODE = '24.1.0'

describe('what is found without a control plane', () => {
  test('is nothing on a good machine', async t => {
    const data = folder(t, 0o700, { 'admin.key': 0o600, 'master.key': 0o600, 'castellan.db': 0o600 })
    assert.deepEqual(await examineMachine(config({ data }), NODE), [])
  })

  test('is nothing where there is no data folder yet', async () => {
    assert.deepEqual(await examineMachine(config({ data: '/no/such/folder' }), NODE), [])
  })

  test('is a key that others can read, and the command that mends it', async t => {
    const data = folder(t, 0o755, { 'admin.key': 0o644, 'master.key': 0o600 })
    const findings = await examineMachine(config({ data }), NODE)
    assert.deepEqual(
      findings.map(({ severity, fix }) => [severity, fix]),
      [
        ['warning', `chmod 700 ${data}`],
        ['critical', `chmod 600 ${join(data, 'admin.key')}`],
      ],
    )
  })

  test('is less when nobody else may enter the folder', async t => {
    const data = folder(t, 0o700, { 'master.key': 0o640 })
    assert.deepEqual((await examineMachine(config({ data }), NODE)).map(each => each.severity), ['advice']) // prettier-ignore
  })

  test('is an OPA that fails open, or is asked in the clear', async () => {
    const opa = { policyEngines: 'cedar,opa', policyOpaUrl: 'http://opa.example:8181', policyOpaFailOpen: 'true' }
    const findings = await examineMachine(config(opa), NODE)
    assert.deepEqual(
      findings.map(({ severity }) => severity),
      ['warning', 'warning'],
    )
    assert.match(findings[0]!.what, /FAIL OPEN/)
    assert.match(findings[1]!.what, /opa\.example:8181, without TLS/)
    for (const policyOpaUrl of ['http://127.0.0.1:8181', 'https://opa.example', 'unix:/run/opa.sock'])
      assert.deepEqual(await examineMachine(config({ policyEngines: 'opa', policyOpaUrl }), NODE), [])
  })

  test('is a provider of models that is asked in the clear', async () => {
    const asked = (base_url: string) =>
      examineMachine(
        config({ modelsProviders: JSON.stringify({ ours: { kind: 'openai-compatible', base_url } }) }),
        NODE,
      )
    const [finding, ...others] = await asked('http://llm.example:8000/v1')
    assert.match(finding!.what, /models of ours are asked over http:\/\/llm\.example:8000, without TLS/)
    assert.deepEqual(others, [])
    for (const fine of ['http://127.0.0.1:11434/v1', 'https://llm.example/v1']) assert.deepEqual(await asked(fine), [])
  })

  test('is an address that other machines reach', async () => {
    const findings = await examineMachine(config({ host: '0.0.0.0', allowedHosts: 'castellan.example' }), NODE)
    assert.match(findings[0]!.what, /listens on 0\.0\.0\.0, for castellan\.example/)
  })

  test('is a database that is reached without TLS, without its password', async () => {
    const database = 'postgres://castellan:planted-password@db.example:5432/castellan'
    const [finding, ...others] = await examineMachine(config({ database }), NODE)
    assert.match(finding!.what, /db\.example/)
    assert.doesNotMatch(JSON.stringify(finding), /planted/)
    assert.deepEqual(others, [])
    assert.deepEqual(await examineMachine(config({ database: `${database}?sslmode=verify-full` }), NODE), [])
  })

  test('is a Node that is too old', async () => {
    assert.match((await examineMachine(config({}), '20.1.0'))[0]!.what, /Node 20\.1\.0/)
  })
})

function config(flags: Readonly<Record<string, string>>): Config {
  return loadConfig({ flags: { data: '/no/such/folder', ...flags }, variables: {}, file: null }).config
}

function folder(t: TestContext, mode: number, files: Readonly<Record<string, number>>): string {
  const path = mkdtempSync(join(tmpdir(), 'castellan-doctor-'))
  t.after(() => rmSync(path, { recursive: true }))
  for (const [name, fileMode] of Object.entries(files)) {
    writeFileSync(join(path, name), '')
    chmodSync(join(path, name), fileMode)
  }
  chmodSync(path, mode)
  return path
}
