import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { digestJson } from '../../kernel/index.ts'
import type { CedarModule } from './cedar-instance.ts'
import { cedarSchema } from './cedar-schema.ts'
import { payment } from './fixtures/payment.ts'
import { cedarPolicyEngine } from './index.ts'

const good = 'permit (principal, action, resource);\n'
// Cedar can read it, and it means nothing by our schema.
const meaningless = 'permit (principal, action, resource) when { resource.colour == "red" };\n'

describe('a text that was found valid', () => {
  test('is not validated again, neither by this engine nor by the next', t => {
    const file = aFile(t)
    cedarPolicyEngine({ validTexts: file }).check({ 'a.cedar': good })
    assert.deepEqual(linesOf(file), [entryOf(good)])
    // Whether it is validated shows when the file says that something was which never would be.
    writeFileSync(file, entryOf(meaningless))
    assert.deepEqual(cedarPolicyEngine({ validTexts: file }).check({ 'a.cedar': meaningless }), [])
  })

  test('is validated again by another version of Cedar, or with another schema', t => {
    const file = aFile(t)
    const others = [
      digestJson(['0.0.1', cedarSchema, meaningless]),
      digestJson([cedar.getCedarSDKVersion(), `${cedarSchema} `, meaningless]),
    ]
    writeFileSync(file, others.join('\n'))
    assert.equal(cedarPolicyEngine({ validTexts: file }).check({ 'a.cedar': meaningless }).length, 1)
  })

  test('is still read: what is wrong with it besides is said', t => {
    const file = aFile(t)
    const twice = `@id("a") ${good}@id("a") ${good}`
    writeFileSync(file, entryOf(twice))
    const [problem] = cedarPolicyEngine({ validTexts: file }).check({ 'a.cedar': twice })
    assert.match(problem!.message, /used twice/)
  })

  test('is remembered where only this user can read it', t => {
    const file = aFile(t)
    cedarPolicyEngine({ validTexts: file }).check({ 'a.cedar': good })
    assert.equal(statSync(file).mode & 0o777, 0o600)
  })
})

describe('a set that was in force', () => {
  const { signal } = new AbortController()

  test('is not read by the next engine until it is asked, and then decides as before', async t => {
    const file = aFile(t)
    const before = cedarPolicyEngine({ validTexts: file })
    before.load(setOf(good))
    assert.deepEqual(linesOf(file), [entryOf(good), entryOfSet(good)])
    const decided = await before.decide(payment, signal)
    assert.equal(decided.allow, true)
    const next = cedarPolicyEngine({ validTexts: file })
    next.load(setOf(good))
    assert.deepEqual(await next.decide(payment, signal), decided)
    assert.deepEqual(next.reads!('default'), new Set())
  })

  test('denies everything when it turns out that it cannot be read', async t => {
    const file = aFile(t)
    // Whether it is read shows when the file says that a set was in force which never would be.
    writeFileSync(file, entryOfSet(meaningless))
    const engine = cedarPolicyEngine({ validTexts: file })
    engine.load(setOf(meaningless))
    const { allow, reasons } = await engine.decide(payment, signal)
    assert.deepEqual([allow, reasons], [false, ['the policy engine failed']])
    assert.throws(() => engine.prepare(), { code: 'POLICY_INVALID' })
  })

  test('is read at once by another version of Cedar, with another schema or other checks, and with other names', t => {
    const file = aFile(t)
    const version = cedar.getCedarSDKVersion()
    const { files } = setOf(meaningless)
    const others = [
      digestJson(['0.0.1', cedarSchema, 1, files]),
      digestJson([version, `${cedarSchema} `, 1, files]),
      digestJson([version, cedarSchema, 0, files]),
      digestJson([version, cedarSchema, 1, { 'b.cedar': meaningless }]),
    ]
    writeFileSync(file, others.join('\n'))
    const engine = cedarPolicyEngine({ validTexts: file })
    assert.throws(() => engine.load(setOf(meaningless)), { code: 'POLICY_INVALID' })
  })
})

test('a text that is not valid is never remembered', t => {
  const file = aFile(t)
  const engine = cedarPolicyEngine({ validTexts: file })
  for (let times = 0; times < 2; times++) {
    assert.equal(engine.check({ 'a.cedar': meaningless, 'b.cedar': good }).length, 1)
    assert.throws(() => engine.load(setOf(meaningless)), { code: 'POLICY_INVALID' })
  }
  assert.deepEqual(linesOf(file), [entryOf(good)])
})

test('policies are put in force also where nothing can be remembered', t => {
  const file = join(aFile(t), 'in-no-folder')
  cedarPolicyEngine({ validTexts: file }).load(setOf(good))
  const unreadable = aFile(t)
  writeFileSync(unreadable, Buffer.from([0xff, 0, 0xfe]))
  chmodSync(unreadable, 0o000)
  cedarPolicyEngine({ validTexts: unreadable }).load(setOf(good))
})

const cedar = createRequire(import.meta.url)('@cedar-policy/cedar-wasm/nodejs') as CedarModule

function entryOf(text: string): string {
  return digestJson([cedar.getCedarSDKVersion(), cedarSchema, text])
}

function entryOfSet(text: string): string {
  return digestJson([cedar.getCedarSDKVersion(), cedarSchema, 1, setOf(text).files])
}

function setOf(text: string) {
  const files = { 'a.cedar': text }
  return { tenant: 'default', files, digest: digestJson(files), version: 1 }
}

function linesOf(file: string): string[] {
  return readFileSync(file, 'utf8').split('\n')
}

function aFile(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'castellan-valid-'))
  t.after(() => rmSync(folder, { recursive: true }))
  return join(folder, 'valid-policies')
}
